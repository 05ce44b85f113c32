// Agent: one node of the load balancer; the only place where gossip, address
// management, election and announcing meet.
//
//   manifests -> SetDesired -> ReplicatedAllocator -- addresses --+
//   gossip ---- live members -------------------------------> Elections
//   links -- interfaces that can announce ------------------> Elections
//   Elections -> Announcing (ARP, NDP, handover, delivery)
//
// Values flow to the right, no part calls back; every input leads to one
// Reconcile() on a later turn of the loop, and doing that twice changes
// nothing. The same agent runs on lb/io/posix and on lb/io/sim.
//
// A member counts once it has acked a ping (gossip::Member::heard).
// NodeLifecycle decides when the node announces and proposes, and how it
// leaves.
//
// An address that goes to another node is handed over: that node announces
// first. Drain() and Leave() move all addresses so; a node that fails cannot.
//
// Loop thread only; lives until the loop stops.
#ifndef LB_DAEMON_AGENT_AGENT_H_
#define LB_DAEMON_AGENT_AGENT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/advertise/advertised_address.h"
#include "daemon/agent/events.h"
#include "daemon/agent/history_recorder.h"
#include "daemon/agent/look_timer.h"
#include "daemon/agent/node_lifecycle.h"
#include "daemon/agent/node_options.h"
#include "daemon/agent/outcome.h"
#include "daemon/agent/tally.h"
#include "daemon/announcing/announcing.h"
#include "daemon/announcing/elected_planner.h"
#include "daemon/hosts/address_owners.h"
#include "daemon/members/name_conflicts.h"
#include "daemon/placement/elections.h"
#include "daemon/placement/placement.h"
#include "lb/announce/announce_node.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/seeds.h"
#include "lb/io/environment.h"
#include "lb/io/turn_meter.h"
#include "lb/ipam/replicated_allocator.h"

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
  // Does the same, at a cost that goes with the difference from the Desired
  // that this agent had so far.
  void SetDesired(std::shared_ptr<const config::Desired> desired,
                  const config::Difference& difference);
  void SetDesired(config::Desired desired);

  // One more reading, which changed no object (config::Changes::empty()).
  void KeepDesired(std::shared_ptr<const config::Desired> desired);

  // Hands all addresses over that another node can take, and takes no others,
  // until Undrain() or a restart. FailedPrecondition: a member is no lbd, and
  // would not take them; or the node is leaving.
  absl::Status Drain();
  // FailedPrecondition: the node is leaving.
  absl::Status Undrain();
  bool draining() const { return lifecycle_.draining(); }

  // As ReplicatedAllocator::Release(), and each is an event.
  absl::StatusOr<std::vector<ipam::ReplicatedAllocator::Released>> Release(
      const ipam::ReplicatedAllocator::ReleaseTarget& target,
      absl::AnyInvocable<void(absl::Status)> on_saved);

  // Hands all addresses over, says goodbye to the others, stops announcing and
  // calls `done`. Once.
  void Leave(absl::AnyInvocable<void()> done);

  // Its parts, for those that describe it: status, problems, metrics.
  const AgentOptions& options() const { return options_; }
  const config::Desired& desired() const { return *desired_; }
  const ipam::ReplicatedAllocator& addresses() const { return addresses_; }
  const AddressEntries& address_entries() const { return addresses_.entries(); }
  const Elections& elections() const { return elections_; }
  const AddressOwners& owners() const { return owners_; }
  const Placement& placement() const { return elections_.placement(); }
  const Announcing& announcing() const { return announcing_; }
  const announce::AnnounceNode& announcer() const { return announcing_.node(); }
  const gossip::GossipNode& gossip() const { return *gossip_; }
  const AdvertisedAddress& advertised() const { return advertised_; }
  const gossip::Seeds& seeds() const { return *seeds_; }
  gossip::wire::Keyring& gossip_keyring() { return gossip_->keyring(); }
  const history::History& history() const { return history_.history(); }
  const NodeHealth& health() const { return outcomes_.health(); }
  // Why full exchanges tell nothing of the addresses; empty: they do.
  const std::string& untold() const { return untold_; }
  // The other nodes that claim the name of this one.
  std::vector<net::Endpoint> Namesakes() const {
    return name_conflicts_.Of(options_.node, now());
  }
  const Tally& tally() const { return tally_; }
  const std::string& author() const { return author_; }  // Empty: none yet.
  bool ready() const { return lifecycle_.acts(); }
  std::vector<std::string> SharedSegments() const;  // FindSharedSegments()
  std::vector<Elections::LiveMember> LiveMembers() const;
  absl::Time started_at() const { return started_; }  // Civil time.
  absl::Time now() const { return environment_.loop->Now(); }
  absl::Time ToCivil(absl::Time loop_time) const;
  const io::TurnMeter* turns() const { return environment_.turns; }  // Or null.
  uint64_t last_event_sequence() const;

 private:
  Agent(AgentOptions options, const io::Environment& environment);

  // agent.cc: inputs, and what follows from them.
  void OnConflict(const announce::Conflict& conflict);
  RivalMember JudgeRival(const net::IpAddress& vip,
                         const std::string& node) const;
  AnnouncingOptions MakeAnnouncingOptions();
  void ScheduleReconcile();  // One Reconcile() on a later turn of the loop.
  void Reconcile();
  void UpdateMetadata();
  void ElectAuthor();
  void Announce(const ipam::ReplicatedAllocator::Services& changed);
  void PublishOutcome(const ipam::ReplicatedAllocator::Services& changed);
  NodeHealth LookAtHealth() const;
  void RecordHistory();
  void NoteStateSize(size_t bytes);  // A full exchange has so many.
  std::vector<std::string> LedgerMembers() const;  // Lbds, this one too.

  // follow_lifecycle.cc: what its life asks for.
  class Sight;  // Answers the lifecycle's questions about the cluster.
  std::unique_ptr<const ClusterSight> MakeSight() const;
  void FollowLifecycle();
  void Do(const LifeAction& action);
  void JoinCluster();
  void SayGoodbye();
  void Finish();
  void OnExchange();
  void OnInterfaces();
  void OnStall(absl::Duration duration);
  void OnHandover();
  bool KnowsHosts() const;

  // follow_gossip.cc
  void OnGossip(const gossip::GossipEvent& event);
  void OnMember(const gossip::MemberEvent& event);
  void OnUserState(const gossip::wire::Bytes& state);
  size_t OnUserMessage(std::string_view message);  // Returns what was new.
  void TellOthers();

  // follow_owners.cc
  void UpdateOwners();

  // follow_address.cc
  gossip::NodeIdentity Identity() const;
  void OnAdvertised();
  void RecordAdvertised();

  const AgentOptions options_;
  io::Environment environment_;
  AdvertisedAddress advertised_;
  std::unique_ptr<gossip::GossipNode> gossip_;
  std::unique_ptr<gossip::Seeds> seeds_;  // For options_.join.
  Announcing announcing_;
  ElectedPlanner planner_;  // For announcing_.
  ipam::ReplicatedAllocator addresses_;
  AddressOwners owners_;
  Elections elections_;
  HistoryRecorder history_;
  Events events_;
  Outcomes outcomes_;
  const std::unique_ptr<const ClusterSight> sight_;
  NodeLifecycle lifecycle_;

  std::shared_ptr<const config::Desired> desired_ =
      std::make_shared<const config::Desired>();
  absl::Time started_;           // Civil time.
  bool knows_hosts_ = false;     // KnowsHosts(), as the allocator goes by.
  std::string advertise_fault_;  // As the events had it last.
  std::string untold_;
  NameConflicts name_conflicts_;
  gossip::wire::Bytes metadata_;  // As the others have it.
  std::string author_;            // Empty: none yet.
  bool members_changed_ = true;   // Since elections heard of them.
  Tally tally_;
  LookTimer looks_;  // Runs Reconcile().
  std::unique_ptr<io::Timer> life_timer_;
  absl::AnyInvocable<void()> leave_done_;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_AGENT_H_
