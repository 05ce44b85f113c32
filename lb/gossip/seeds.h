// Seeds: the join list of a node: looks names up, joins, and knows which seed
// never answered, and why.
//
// A name is looked up again with a growing delay while one of its addresses is
// no member, and now and then after that: DNS changes. All of its addresses are
// joined; one that the name no longer has is left alone. Loop thread only; the
// node and the Environment outlive it.
//
//   Seeds seeds({{"n2", ...}}, ports, node.get());
//   node->SetObserver([&](const GossipEvent& event) { seeds.OnEvent(event); });
//   node->Start();
//   LB_RETURN_IF_ERROR(seeds.Join());
#ifndef LB_GOSSIP_SEEDS_H_
#define LB_GOSSIP_SEEDS_H_

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/member.h"
#include "lb/gossip/ports.h"
#include "lb/io/loop.h"
#include "lb/net/endpoint.h"
#include "lb/net/host_port.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

class Seeds {
 public:
  // From the first Join() on: nodes of a cluster start one after the other.
  static constexpr absl::Duration kGrace = absl::Seconds(10);
  // Between two lookups of a name: while nodes are missing, and after that.
  static constexpr absl::Duration kRetryMin = absl::Seconds(1);
  static constexpr absl::Duration kRetryMax = absl::Seconds(60);
  static constexpr absl::Duration kRefresh = absl::Minutes(5);

  // One that never answered.
  struct Unanswered {
    net::HostPort seed;
    std::vector<net::Endpoint> endpoints;  // Empty: the name has none.
    std::string why;
  };

  Seeds(std::vector<net::HostPort> seeds, const Ports& ports, GossipNode* node);
  Seeds(const Seeds&) = delete;
  Seeds& operator=(const Seeds&) = delete;
  ~Seeds();

  // Joins the addresses, and looks the names up at once and joins theirs. Again
  // and again, as GossipNode::Join().
  absl::Status Join();

  // Called when Addresses() changed, on a later turn of the loop.
  void SetObserver(absl::AnyInvocable<void()> on_change) {
    on_change_ = std::move(on_change);
  }
  // All of the list, in its order, this node's own too; of a name, those of the
  // last look-up that found any.
  std::vector<net::IpAddress> Addresses() const;

  // Each event of the node.
  void OnEvent(const GossipEvent& event);

  // In the order of the list; none within kGrace. A seed that answered once is
  // not listed, nor is this node itself.
  std::vector<Unanswered> ListUnanswered() const;
  // True if each seed has answered once, or is this node itself.
  bool AllAnswered() const;
  // The seed that has this address, as it was written; "" if there is none.
  std::string NameOf(const net::IpAddress& address) const;

 private:
  struct Seed {
    net::HostPort where;
    std::vector<net::IpAddress> addresses;
    std::set<net::Endpoint> endpoints;  // To be joined.
    bool is_own = false;                // All of its addresses are ours.
    bool answered = false;
    bool looking_up = false;
    std::string why = "it was not tried yet";
    absl::Duration delay = kRetryMin;
    std::unique_ptr<io::Timer> timer;  // For names only.
  };

  void LookUp(size_t index);
  void OnLookedUp(size_t index,
                  absl::StatusOr<std::vector<net::IpAddress>> addresses);
  void Replace(Seed& seed, std::set<net::Endpoint> endpoints);
  void ArmLookup(Seed& seed, bool settled);
  absl::Status JoinAll(const std::vector<net::Endpoint>& endpoints);
  bool IsOwn(const net::Endpoint& endpoint) const;
  bool CanReach(const net::IpAddress& address) const;
  bool IsMember(const net::Endpoint& endpoint) const;

  const Ports ports_;
  GossipNode* const node_;
  Prng prng_;
  absl::AnyInvocable<void()> on_change_;
  absl::Time began_ = absl::InfiniteFuture();
  std::vector<Seed> seeds_;
  // For lookups that end after this object.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_SEEDS_H_
