// BfdPair: two hosts of a simulated network, each with a BfdNode and one
// session to the other.
//
//   BfdPair pair(/*seed=*/1);
//   pair.StartBoth(BfdPair::Every(absl::Milliseconds(50)));
//   ASSERT_TRUE(pair.RunUntilUp(absl::Seconds(5)));
#ifndef LB_BFD_TESTING_BFD_PAIR_H_
#define LB_BFD_TESTING_BFD_PAIR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/check.h"
#include "lb/bfd/bfd_node.h"
#include "lb/io/sim/sim_world.h"

namespace lb::bfd {

// One of the two hosts.
class BfdEnd {
 public:
  struct Happened {
    absl::Time at;  // The world's clock.
    SessionEvent event;
  };

  BfdEnd(io::SimWorld* world, io::SimHost* host) : world_(world), host_(host) {}

  io::SimHost& host() { return *host_; }
  BfdNode& node() { return *node_; }
  const SessionKey& key() const { return key_; }

  // Starts the node, which wants one session.
  void Start(SessionKey key, const SessionOptions& options) {
    key_ = std::move(key);
    node_ = std::make_unique<BfdNode>(Ports::From(host_->environment()));
    node_->SetObserver([this](const SessionEvent& event) {
      events_.push_back({world_->loop().Now(), event});
    });
    SetOptions(options);
  }
  void SetOptions(const SessionOptions& options) {
    LB_CHECK(node_->SetSessions({{key_, options}}).ok());
  }
  // kill -9, and a new process after `pause`.
  void Restart(absl::Duration pause, const SessionOptions& options) {
    host_->Kill();
    node_ = nullptr;
    world_->loop().RunFor(pause);
    host_->Restart();
    Start(key_, options);
  }

  NodeSession session() const { return node_->sessions().at(key_); }
  bool is_up() const { return session().status.state == State::kUp; }
  const std::vector<Happened>& events() const { return events_; }
  void ClearEvents() { events_.clear(); }
  // How many events there are of that kind, and with that diagnostic.
  int Count(SessionChange change,
            std::optional<Diagnostic> diagnostic = std::nullopt) const {
    int count = 0;
    for (const Happened& each : events_) {
      if (each.event.change != change) continue;
      if (!diagnostic || each.event.diagnostic == *diagnostic) ++count;
    }
    return count;
  }

 private:
  io::SimWorld* const world_;
  io::SimHost* const host_;
  SessionKey key_;
  std::unique_ptr<BfdNode> node_;
  std::vector<Happened> events_;
};

class BfdPair {
 public:
  explicit BfdPair(uint64_t seed, std::string_view first = "10.0.0.1/24",
                   std::string_view second = "10.0.0.2/24")
      : world_(seed),
        a_(&world_, world_.AddHost("a", first)),
        b_(&world_, world_.AddHost("b", second)) {}

  static SessionOptions Every(absl::Duration interval) {
    return {.desired_min_tx = interval, .required_min_rx = interval};
  }

  void StartBoth(const SessionOptions& options, Hops hops = Hops::kSingle) {
    a_.Start({.hops = hops, .remote = b_.host().address()}, options);
    b_.Start({.hops = hops, .remote = a_.host().address()}, options);
  }

  io::SimWorld& world() { return world_; }
  BfdEnd& a() { return a_; }
  BfdEnd& b() { return b_; }
  absl::Time Now() { return world_.loop().Now(); }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) {
    return world_.loop().RunUntil(done, limit);
  }
  // Until both are Up and have agreed on their intervals.
  bool RunUntilUp(absl::Duration limit) {
    return RunUntil([this] { return IsSettled(a_) && IsSettled(b_); }, limit);
  }
  void ClearEvents() {
    a_.ClearEvents();
    b_.ClearEvents();
  }
  // Nothing gets from one host to the other, in that direction.
  void Cut(BfdEnd& from, BfdEnd& to) {
    world_.network().paths().Block(from.host(), to.host());
  }
  void CutBoth() {
    Cut(a_, b_);
    Cut(b_, a_);
  }
  void Heal() { world_.network().paths().Heal(); }

 private:
  static bool IsSettled(const BfdEnd& end) {
    const SessionStatus status = end.session().status;
    return status.state == State::kUp && !status.polling;
  }

  io::SimWorld world_;
  BfdEnd a_;
  BfdEnd b_;
};

}  // namespace lb::bfd

#endif  // LB_BFD_TESTING_BFD_PAIR_H_
