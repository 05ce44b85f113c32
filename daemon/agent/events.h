// Events: what an agent tells its event log, each change once.
//
// It keeps nothing of what it told: what changed is said by each call. Loop
// thread only; must not outlive the environment.
#ifndef LB_DAEMON_AGENT_EVENTS_H_
#define LB_DAEMON_AGENT_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/outcome.h"
#include "daemon/routes/route_planner.h"
#include "lb/base/event_log.h"
#include "lb/config/problem.h"
#include "lb/gossip/member.h"
#include "lb/io/environment.h"
#include "lb/net/ip_address.h"

namespace lb {

class Events {
 public:
  // A refused ledger message is an event, but not before this has passed since
  // the last one: any member of the gossip could fill the log.
  static constexpr absl::Duration kRefusalReportInterval = absl::Seconds(10);

  // True if a node announces the service by BGP.
  using IsRouted = std::function<bool(const std::string& service)>;

  Events(
      std::string node, const io::Environment& environment,
      IsRouted is_routed = [](const std::string&) { return false; })
      : node_(std::move(node)),
        environment_(environment),
        is_routed_(std::move(is_routed)) {}

  void Record(EventType type, std::string reason, EventObject object,
              std::string message);
  // About this node.
  void RecordSelf(EventType type, std::string reason, std::string message);

  // RecordSelf(), for parts that have events of this node. It must not outlive
  // this object.
  std::function<void(EventType, std::string, std::string)> SelfRecorder();

  // Records changes of members, and peers that cannot be talked to. `name_of`
  // returns the name of a peer in the join list, as Seeds::NameOf().
  using NameOf = absl::FunctionRef<std::string(const net::IpAddress&)>;
  void OnGossip(const gossip::GossipEvent& event, NameOf name_of);
  // Records, unless it is OK, that what an earlier run left was refused.
  void RecordRestored(const absl::Status& restored);
  // A name that two nodes have.
  void RecordNameConflict(const gossip::ConflictEvent& conflict);
  // Records that a message of another node was refused.
  void RecordRefusal(const absl::Status& refusal);
  // Records each change of services' addresses and announcers, and each new
  // fault of this node.
  void OnOutcome(const Outcome& outcome);
  // Records that this node begins to announce the service by BGP, or ends it.
  void RecordRouted(const std::string& service,
                    const RoutePlanner::Plans& plans);
  // Full exchanges tell nothing of the addresses, and why; empty: they do.
  void RecordUntold(const std::string& untold, const std::string& before);
  // Records that an operator released addresses.
  void RecordReleased(
      const std::vector<ipam::ReplicatedAllocator::Released>& released);
  // Records problems of objects that are new.
  void RecordProblems(const std::vector<config::Problem>& problems);
  // Records that there are other pools than before.
  void RecordPools(size_t pools);

 private:
  using Entry = ipam::ReplicatedAllocator::Entry;

  void RecordMember(const gossip::MemberEvent& event);
  void RecordEntry(const std::string& service, const Entry& before,
                   const Entry& after);
  void RecordPlace(const std::string& service, const ServicePlacement& before,
                   const ServicePlacement& after);
  // Records the sentences of `after` that are not in `before`.
  void RecordNew(EventType type, const std::string& reason,
                 const std::vector<std::string>& after,
                 const std::vector<std::string>& before);

  const std::string node_;
  io::Environment environment_;
  const IsRouted is_routed_;
  absl::Time next_refusal_report_ = absl::InfinitePast();
  uint64_t unreported_refusals_ = 0;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_EVENTS_H_
