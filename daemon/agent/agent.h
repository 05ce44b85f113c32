// Agent: one node of the load balancer; the only place where gossip, address
// management, election and announcing meet.
//
//   manifests -> SetDesired -> ReplicatedAllocator -- addresses --+
//   gossip ---- live members -------------------------------> Elections
//   links -- interfaces that can announce ------------------> Elections
//   Elections -> ElectedAnnouncer -> Announcing (ARP, NDP, handover, delivery)
//   addresses, manifests -> Routing (BGP, BFD)
//
// Values flow to the right, no part calls back; every input leads to one
// Reconcile() on a later turn of the loop, and doing that twice changes
// nothing. Routes have turns of their own before that (RouteRunner). The same
// agent runs on lb/io/posix and on lb/io/sim.
//
// A member counts once it has acked a ping (gossip::Member::verified).
// NodeLifecycle decides when the node announces and proposes, and how it
// leaves.
//
// An address that goes to another node is handed over: that node announces
// first. Drain() and Leave() move all addresses so; a node that fails cannot.
//
// Status, problems and metrics read View(), and never the agent.
//
// Loop thread only; lives until the loop stops.
#ifndef LB_DAEMON_AGENT_AGENT_H_
#define LB_DAEMON_AGENT_AGENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/agent/events.h"
#include "daemon/agent/gossip_follower.h"
#include "daemon/agent/gossip_presence.h"
#include "daemon/agent/history_recorder.h"
#include "daemon/agent/ledger_author.h"
#include "daemon/agent/lifecycle_runner.h"
#include "daemon/agent/look_timer.h"
#include "daemon/agent/looked_entries.h"
#include "daemon/agent/node_options.h"
#include "daemon/agent/outcome.h"
#include "daemon/agent/route_runner.h"
#include "daemon/agent/tally.h"
#include "daemon/announcing/announcing.h"
#include "daemon/announcing/elected_announcer.h"
#include "daemon/exchange/state_exchange.h"
#include "daemon/hosts/address_owners.h"
#include "daemon/node_view/node_view.h"
#include "daemon/placement/elections.h"
#include "lb/announce/announcer_output.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/io/environment.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/net/endpoint.h"

namespace lb {

class Agent {
 public:
  // InvalidArgument: an option is out of range.
  static absl::StatusOr<std::unique_ptr<Agent>> Create(
      AgentOptions options, const io::Environment& environment);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Restores the state, joins, announces. Once.
  void Start();

  // Sets the objects of the manifests from now on.
  void SetDesired(std::shared_ptr<const config::Desired> desired);
  // Does the same, at the cost of the difference from before. It may be the
  // same Desired, which config::DesiredKeeper changed in this turn of the loop.
  void SetDesired(std::shared_ptr<const config::Desired> desired,
                  const config::Difference& difference);
  void SetDesired(config::Desired desired) {
    SetDesired(std::make_shared<const config::Desired>(std::move(desired)));
  }

  // With AgentOptions::follows_records: what the service has; empty: nothing.
  void SetRecorded(const std::string& service, const ipam::Assignment& now) {
    addresses_.SetRecorded(service, now);
  }
  void JoinAt(const std::vector<net::Endpoint>& endpoints) {
    presence_->JoinAt(endpoints);
  }

  // One more reading, which changed no object (config::Changes::empty()).
  void KeepDesired(std::shared_ptr<const config::Desired> desired);

  // Hands all addresses over that another node can take, and takes no others,
  // until Undrain() or a restart. FailedPrecondition: a member is no lbd, and
  // would not take them; or the node is leaving.
  absl::Status Drain();
  // FailedPrecondition: the node is leaving.
  absl::Status Undrain() { return life_.Undrain(); }

  // As ReplicatedAllocator::Release(), and each is an event.
  absl::StatusOr<std::vector<ipam::ReplicatedAllocator::Released>> Release(
      const ipam::ReplicatedAllocator::ReleaseTarget& target,
      absl::AnyInvocable<void(absl::Status)> on_saved);

  // Hands all addresses over, says goodbye to the others, stops announcing and
  // calls `done`. Once.
  void Leave(absl::AnyInvocable<void()> done);

  // The node as it is now, until the next turn of the loop.
  NodeView View() const;
  Outcomes& outcomes() { return outcomes_; }
  gossip::wire::Keyring& gossip_keyring() {
    return presence_->gossip().keyring();
  }

 private:
  using Services = ipam::ReplicatedAllocator::Services;

  Agent(AgentOptions options, const io::Environment& environment,
        std::unique_ptr<GossipPresence> presence);

  // agent.cc: inputs, and what follows from them.
  AnnouncingOptions MakeAnnouncingOptions();
  RouteRunner::Ports MakeRoutePorts();
  LifecycleRunner::Ports MakeLifePorts();
  void Restore();
  void Observe();
  // Routes are planned, and one Reconcile() follows, on later turns of the
  // loop.
  void ScheduleReconcile();
  void LookSoon();
  bool HasMore() const {
    return looked_.has_more() || elections_.has_more() || routes_.has_news();
  }
  void OnLookDue() { routes_.GoesFirst() ? looks_.PutOff() : Reconcile(); }
  void Reconcile();
  void UpdateMetadata();
  void UpdateOwners();
  void ElectAuthor(bool members_changed);
  void Announce(const Services& changed);
  void PublishOutcome(const Services& changed);
  NodeHealth LookAtHealth() const;
  void RecordHistory();
  bool KnowsHosts() const;

  // follow_inputs.cc: what happens to the node.
  void OnExchange();
  void OnAddress();
  void OnInterfaces();
  void OnAddressConflict(const announce::Conflict& conflict);
  RivalMember JudgeRival(const net::IpAddress& vip,
                         const std::string& node) const;
  void OnStall(absl::Duration duration);

  const NodeLifecycle& life() const { return life_.life(); }
  bool ready() const { return life().acts(); }
  std::vector<Elections::LiveMember> LiveMembers() const;

  const AgentOptions options_;
  io::Environment environment_;
  const std::unique_ptr<GossipPresence> presence_;
  Announcing announcing_;
  ipam::ReplicatedAllocator addresses_;
  AddressOwners owners_;
  Elections elections_;
  ElectedAnnouncer announcer_;
  RouteRunner routes_;
  LookedEntries looked_;
  StateExchange exchange_;
  LedgerAuthor author_;
  HistoryRecorder history_;
  Events events_;
  Outcomes outcomes_;
  Tally tally_;
  LifecycleRunner life_;
  GossipFollower follower_;
  LookTimer looks_;  // Runs OnLookDue().
  std::shared_ptr<const config::Desired> desired_ =
      std::make_shared<const config::Desired>();
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_AGENT_H_
