// CoreCluster: very many Memberships in virtual time, without codec or sockets.
//
// A network of datagrams with delay and loss, streams with delay, members that
// crash, and slow ones, as the Lifeguard paper has them: again and again such a
// member is blocked when it is about to send or to take in what was received,
// while time goes on; then its timers come first. From one seed; for tables of
// what a cluster does at sizes and over times for which real bytes cost too
// much.
#ifndef LB_GOSSIP_TESTING_CORE_CLUSTER_H_
#define LB_GOSSIP_TESTING_CORE_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

struct CoreClusterOptions {
  int members = 0;
  GossipOptions gossip = LanProfile();
  uint64_t seed = 1;
  double loss_percent = 0;
  // The first so many members are slow: blocked for up to `block_max`, run for
  // up to `run_max`, and so on, each evenly distributed.
  int slow_members = 0;
  absl::Duration block_max = absl::Seconds(4);
  absl::Duration run_max = absl::Seconds(4);
};

class CoreCluster {
 public:
  struct Counts {
    uint64_t datagrams = 0;
    uint64_t bytes = 0;  // Uncompressed bytes of datagrams.
    // Failure events about members that run and are not slow, in all and at
    // members that are not slow either.
    uint64_t false_failures = 0;
    uint64_t false_failures_at_healthy = 0;
    // Each wrong verdict once, however many of the healthy believed it.
    uint64_t false_verdicts_at_healthy = 0;
  };

  // Members that all know each other already, and have nothing to say but of
  // that: let a few seconds pass.
  explicit CoreCluster(const CoreClusterOptions& options);

  void RunFor(absl::Duration duration);
  void Crash(int member) { nodes_[member].crashed = true; }
  // When it reported the failure of the member that crashed last; infinite: it
  // has not.
  const std::vector<absl::Time>& reports() const { return reports_; }
  // Begins new counts and reports, about `crashed` if it is not negative.
  void Watch(int crashed);

  absl::Time now() const { return now_; }
  const Counts& counts() const { return counts_; }

 private:
  using Task = std::function<void()>;
  struct Node {
    std::unique_ptr<Membership> core;
    absl::Time armed = absl::InfiniteFuture();
    bool crashed = false;
    bool blocked = false;
    std::vector<OutgoingPacket> unsent;  // While blocked; then it stands still.
    std::vector<Task> received;          // Likewise; kReceivedMax at most.
  };
  struct Event {
    absl::Time at;
    uint64_t number = 0;
    std::shared_ptr<Task> task;

    friend bool operator>(const Event& a, const Event& b) {
      return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
  };

  void At(absl::Time time, Task task);
  // Runs `task` on the member now, or once it is blocked no more.
  void OnMember(int member, Task task);
  void Drain(int member);
  void RunTimer(int member);
  void Count(int member, const GossipEvent& event);
  void Send(int from, const OutgoingPacket& packet);
  void Exchange(int from, const StreamRequest& request);
  void Answer(int from, int to, uint64_t id,
              const wire::StreamMessage& request);
  void Block(int member);
  void Unblock(int member);
  bool IsHealthy(int member) const { return member >= options_.slow_members; }
  int NumberOf(const net::Endpoint& endpoint) const;
  absl::Duration Delay();

  const CoreClusterOptions options_;
  Prng prng_;
  absl::Time now_ = absl::UnixEpoch();
  uint64_t last_event_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<Node> nodes_;
  int watched_ = -1;
  std::vector<absl::Time> reports_;
  Counts counts_;
  // Member and incarnation, as counted in false_verdicts_at_healthy.
  std::set<std::pair<int, uint32_t>> false_verdicts_;
};

// memberlist's protocol without Lifeguard and without what is ours.
GossipOptions PlainSwim();

}  // namespace lb::gossip

#endif  // LB_GOSSIP_TESTING_CORE_CLUSTER_H_
