// NodeView: one node as it is at one moment, for those that describe it:
// status, problems, metrics, Watch.
//
// A plain value without an agent in it. Small things are copied; the tables are
// references to the parts of the node that own them. A copy of ten thousand
// services for each question, of which most are about one service or one page,
// would hold the loop for longer than the answer does. So a view is made for
// one question and dropped with it, on the loop thread, within one turn: what
// it refers to changes on the next one. A test fills it with the parts that its
// question is about (testing/node_parts.h), without an agent.
//
//   const NodeView view = agent.View();
//   for (const auto& [service, entry] : view.entries()) ...
#ifndef LB_DAEMON_NODE_VIEW_NODE_VIEW_H_
#define LB_DAEMON_NODE_VIEW_NODE_VIEW_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/gossip_presence.h"
#include "daemon/agent/life_stage.h"
#include "daemon/agent/node_options.h"
#include "daemon/agent/outcome.h"
#include "daemon/agent/tally.h"
#include "daemon/announcing/announcing.h"
#include "daemon/hosts/address_owners.h"
#include "daemon/members/name_conflicts.h"
#include "daemon/node_view/api_server_sight.h"
#include "daemon/placement/elections.h"
#include "daemon/placement/live_members.h"
#include "daemon/placement/placement.h"
#include "daemon/routing/routing.h"
#include "lb/announce/announcer.h"
#include "lb/config/desired.h"
#include "lb/gossip/gossip_node.h"
#include "lb/history/history.h"
#include "lb/io/link_monitor.h"
#include "lb/io/turn_meter.h"
#include "lb/ipam/replicated_allocator.h"

namespace lb {

struct LedgerSight {
  std::string author;  // Empty: none yet.
  // Why full exchanges tell nothing of the addresses; empty: they do.
  std::string untold;
  bool is_behind = false;  // Looks are still to take up some of what changed.
};

struct HostSight {
  const io::LinkMonitor& links;
  const io::TurnMeter* turns = nullptr;  // Null: the loop measures none.
};

struct DrainSight {
  bool is_on = false;
  std::string mark;  // As NodeLifecycle has it.
};

struct NodeView {
  const AgentOptions& options;
  const config::Desired& desired;
  const ipam::ReplicatedAllocator& addresses;
  const Elections& elections;
  const AddressOwners& owners;
  const Announcing& announcing;
  const Routing& routing;
  const GossipPresence& presence;
  const history::History& history;
  const Tally& tally;
  const NodeHealth& health;  // As the last look found it.
  const NameConflicts& name_conflicts;
  HostSight host;

  LifeStage stage = LifeStage::kAwaiting;
  DrainSight drain = {};
  LedgerSight ledger = {};
  // Nullopt: objects come from manifests. Not the agent's: its owner sets it.
  std::optional<ApiServerSight> api_server = {};
  uint64_t last_event_sequence = 0;
  absl::Time now;        // The loop's time.
  absl::Time civil_now;  // The same moment, for people.

  bool ready() const { return Acts(stage); }
  const gossip::GossipNode& gossip() const { return presence.gossip(); }
  const AddressEntries& entries() const { return addresses.entries(); }
  const Placement& placement() const { return elections.placement(); }
  const announce::Announcer& announcer() const {
    return announcing.node().announcer();
  }
  absl::Time ToCivil(absl::Time loop_time) const {
    return civil_now - (now - loop_time);
  }
  std::vector<Elections::LiveMember> LiveMembers() const {
    return LiveMembersOf(gossip().VerifiedMembers(),
                         HasLeft(stage) ? options.node : "");
  }
};

// Views the node at the moment of the call, on the loop thread.
using ViewNode = std::function<NodeView()>;

}  // namespace lb

#endif  // LB_DAEMON_NODE_VIEW_NODE_VIEW_H_
