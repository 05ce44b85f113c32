// Events: what an agent tells its event log, each change once.
//
// Loop thread only; must not outlive the environment.
#ifndef LB_DAEMON_AGENT_EVENTS_H_
#define LB_DAEMON_AGENT_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/placement/placement.h"
#include "lb/base/event_log.h"
#include "lb/config/problem.h"
#include "lb/gossip/member.h"
#include "lb/io/environment.h"
#include "lb/net/endpoint.h"

namespace lb {

class Events {
 public:
  // A refused ledger message is an event, but not before this has passed since
  // the last one: whoever is in the gossip could fill the log.
  static constexpr absl::Duration kRefusalReportInterval = absl::Seconds(10);
  // Between two of its exchanges a namesake is heard of no more often.
  static constexpr absl::Duration kNameConflictOver = absl::Seconds(60);
  static constexpr size_t kNameConflictsMax = 64;

  Events(std::string node, const io::Environment& environment)
      : node_(std::move(node)), environment_(environment) {}

  void Record(EventType type, std::string reason, std::string object,
              std::string message);
  // About this node.
  void RecordSelf(EventType type, std::string reason, std::string message);

  // A name that two nodes have; again only after kNameConflictOver without
  // news of it.
  void RecordNameConflict(const gossip::ConflictEvent& conflict);
  // The other nodes that have this node's name.
  std::vector<net::Endpoint> Namesakes() const;
  // Of the messages of others.
  void RecordRefusal(const absl::Status& refusal);
  // What services have, and where they are announced. `changed`: all that
  // differ from the last call.
  void RecordOutcome(const AddressEntries& entries, const Placement& placement,
                     const std::set<std::string, std::less<>>& changed);
  // Of the last RecordOutcome().
  const AddressEntries& entries() const { return entries_; }
  const Placement& placement() const { return placement_; }
  void RecordStrictArp(std::vector<std::string> faults);
  // Of the last RecordStrictArp().
  const std::vector<std::string>& strict_arp_faults() const {
    return strict_arp_faults_;
  }
  // Pools that cover addresses of hosts: those that are new.
  void RecordCovered(const std::vector<std::string>& covered);
  // What full exchanges tell of the addresses: beyond gossip's bound nothing.
  void RecordState(size_t bytes);
  // Of the last RecordState(); empty: all is told.
  const std::string& untold() const { return untold_; }
  // Those of `problems` that were not there `before`.
  void RecordProblems(const std::vector<config::Problem>& problems,
                      const std::vector<config::Problem>& before);

 private:
  void RecordEntry(const std::string& service,
                   const ipam::ReplicatedAllocator::Entry& entry);
  void RecordPlace(const std::string& service, const ServicePlacement& place);

  const std::string node_;
  io::Environment environment_;
  AddressEntries entries_;
  Placement placement_;
  std::vector<std::string> strict_arp_faults_;
  std::string untold_;
  std::vector<std::string> covered_;
  // By the name, and who else claims it: when that was heard last.
  std::map<std::pair<std::string, net::Endpoint>, absl::Time> name_conflicts_;
  absl::Time next_refusal_report_ = absl::InfinitePast();
  uint64_t unreported_refusals_ = 0;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_EVENTS_H_
