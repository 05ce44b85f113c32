// NodeParts: the parts of a node that a NodeView refers to, on a simulated host
// and without an agent: a test sets what its question is about.
//
//   NodeParts node(world.AddHost("n1", "172.18.8.11/24"));
//   node.untold = "too large";
//   EXPECT_THAT(ListProblems(node.View()), SizeIs(1));
#ifndef LB_DAEMON_NODE_VIEW_TESTING_NODE_PARTS_H_
#define LB_DAEMON_NODE_VIEW_TESTING_NODE_PARTS_H_

#include <memory>
#include <optional>
#include <string>

#include "daemon/agent/gossip_presence.h"
#include "daemon/node_view/node_view.h"
#include "lb/io/sim/sim_host.h"

namespace lb {

struct NodeParts {
  // The host outlives it. `join`: a node to join; empty: none.
  explicit NodeParts(io::SimHost* on, const std::string& join = "");
  ~NodeParts();

  NodeView View() const;

  // The manifests have one more service; it has an address a second later.
  void Want(const std::string& service);
  // Holds the elections: this node has what it can announce.
  void Elect();
  // The manifests have a peer of that name and address, which is told all
  // services.
  void AddPeer(const std::string& name, const std::string& address);
  // Tells the peers what is to be told.
  void Route();

  io::SimHost* const host;
  AgentOptions options;
  config::Desired desired;
  std::unique_ptr<GossipPresence> presence;
  Announcing announcing;
  Routing routing;
  ipam::ReplicatedAllocator addresses;
  AddressOwners owners;
  Elections elections;
  history::History history;
  Tally tally;
  NodeHealth health;
  NameConflicts name_conflicts;
  LifeStage stage = LifeStage::kReady;
  bool draining = false;
  std::string author;
  std::string untold;
  std::optional<ApiServerSight> api_server;
};

}  // namespace lb

#endif  // LB_DAEMON_NODE_VIEW_TESTING_NODE_PARTS_H_
