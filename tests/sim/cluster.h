// Cluster: real agents on simulated hosts, driven by sentences.
//
//   Cluster cluster(/*seed=*/1, /*nodes=*/3);
//   cluster.SetManifests(kPool + kService);
//   cluster.StartAll();
//   ASSERT_TRUE(cluster.RunUntilAgreed(absl::Seconds(10)));
//   EXPECT_EQ(cluster.Show("n1"), "default/web 172.18.8.201 n2\n");
//
// Nodes are n1, n2, ... at 172.18.8.11, .12, ...; each joins all others. After
// every event an invariant is checked: on no node do two services hold one
// address, unless the manifests may have sharing keys.
#ifndef LB_TESTS_SIM_CLUSTER_H_
#define LB_TESTS_SIM_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/status_view/status_view.h"
#include "lb/election/policy.h"
#include "lb/gossip/gossip_node.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"
#include "tests/sim/manifests.h"
#include "tests/sim/sim_node.h"

namespace lb {

// For RunUntilAgreed() when nothing is wrong.
inline constexpr absl::Duration kSettled = absl::Seconds(15);

class Cluster {
 public:
  // Says whether services may hold an address together, for the invariant.
  enum class Sharing { kForbidden, kAllowed };

  Cluster(uint64_t seed, int nodes, Delivery delivery = Delivery::kNone,
          Sharing sharing = Sharing::kForbidden);
  ~Cluster();

  io::SimWorld& world() { return world_; }
  io::SimHost& host(const std::string& node) { return *nodes_.at(node).host; }
  Agent& agent(const std::string& node) { return *nodes_.at(node).agent; }
  StatusView view(const std::string& node) {
    return StatusView(agent(node).View());
  }
  bool running(const std::string& node) const {
    return nodes_.at(node).running();
  }
  std::vector<std::string> names() const;

  // Sets a node's manifests from now on, also after a restart.
  void SetManifests(const std::string& node, const std::string& text);
  void SetManifests(const std::string& text);  // On all nodes.

  void Start(const std::string& node);
  void StartAll();
  // A member that is no lbd: gossip alone, from the host of `node`, which must
  // crash before it is destroyed. It joins `seed`.
  std::unique_ptr<gossip::GossipNode> StartPeer(const std::string& node,
                                                const std::string& seed);
  // See SimNode.
  void Kill(const std::string& node) { nodes_.at(node).Kill(); }
  void Crash(const std::string& node) { nodes_.at(node).Crash(); }

  void RunFor(absl::Duration duration) { world_.loop().RunFor(duration); }
  // Runs until all running nodes show the same, every service has an address
  // and a node, and that node alone announces it. False: not within `limit`.
  bool RunUntilAgreed(absl::Duration limit);

  // "namespace/name addresses node" per service of a node, '-' for none.
  std::string Show(const std::string& node) const;
  // Returns one service's address; "default/" is left out of its name. "" if
  // the node does not show it.
  std::string AddressOf(const std::string& node,
                        const std::string& service) const;
  // Nodes that are started from now on are bound to 0.0.0.0: they choose the
  // address that they advertise, and follow it. They join where the others are
  // then.
  void LetNodesChooseAddresses() { choose_addresses_ = true; }
  // Sets the policy of nodes that are started from now on.
  void SetPolicy(election::Policy policy) { policy_ = policy; }
  // Changes the options of a node that is started from now on.
  using ChangeOptions = std::function<void(AgentOptions& options)>;
  void SetOptions(const std::string& node, ChangeOptions change) {
    nodes_.at(node).change_options = std::move(change);
  }

  // True if the host with this MAC would take a packet for the address now.
  bool Accepts(const net::MacAddress& mac, const net::IpAddress& address);

  // The running nodes that announce the address at this moment.
  std::vector<std::string> AnnouncersOf(const std::string& address) const;
  // All that is shown and announced, for failure messages.
  std::string Dump() const;

 private:
  struct Node : SimNode {
    ChangeOptions change_options;
    uint64_t checked_version = 0;  // Of the agent's addresses.
  };

  bool Agreed() const;
  void CheckInvariants();

  io::SimWorld world_;
  const Delivery delivery_;
  const Sharing sharing_;
  election::Policy policy_ = election::Policy::kCompat;
  bool choose_addresses_ = false;
  ParsedManifests parsed_;
  std::map<std::string, Node> nodes_;
};

}  // namespace lb

#endif  // LB_TESTS_SIM_CLUSTER_H_
