#include "daemon/agent/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/members/gossip_problems.h"

namespace lb {
namespace {

// A problem names its object as "Kind/name", or has none.
EventObject ObjectOf(const config::Problem& problem) {
  const size_t slash = problem.object.find('/');
  if (slash == std::string::npos) return {"", problem.object};
  return {problem.object.substr(0, slash), problem.object.substr(slash + 1)};
}

std::string_view ReasonOf(gossip::MemberChange change) {
  switch (change) {
    case gossip::MemberChange::kJoined:
      return "MemberJoined";
    case gossip::MemberChange::kUpdated:
      return "MemberUpdated";
    case gossip::MemberChange::kLeft:
      return "MemberLeft";
    case gossip::MemberChange::kFailed:
      return "MemberFailed";
    case gossip::MemberChange::kVerified:
      return "MemberVerified";
    case gossip::MemberChange::kMoved:
      return "MemberMoved";
  }
  return "";
}

}  // namespace

void Events::OnGossip(const gossip::GossipEvent& event, NameOf name_of) {
  if (const auto* member = std::get_if<gossip::MemberEvent>(&event)) {
    RecordMember(*member);
  } else if (const auto* foreign =
                 std::get_if<gossip::UndecryptableEvent>(&event)) {
    Record(EventType::kWarning, "GossipUndecryptable",
           {EventObject::kPeer, foreign->address.ToString()},
           DescribeMismatch(foreign->mismatch, name_of(foreign->address)));
  } else if (const auto* peer = std::get_if<gossip::StreamOnlyEvent>(&event)) {
    Record(EventType::kWarning, "GossipOverTcpOnly",
           {EventObject::kPeer, peer->member.name},
           DescribeStreamOnly(peer->member.endpoint));
  }
}

void Events::RecordMember(const gossip::MemberEvent& event) {
  const std::string endpoint = event.member.endpoint.ToString();
  const bool failed = event.change == gossip::MemberChange::kFailed;
  const bool moved = event.change == gossip::MemberChange::kMoved;
  Record(failed ? EventType::kWarning : EventType::kNormal,
         std::string(ReasonOf(event.change)),
         {EventObject::kMember, event.member.name},
         moved
             ? fmt::format("{}, was {}", endpoint, event.moved_from.ToString())
             : endpoint);
}

void Events::RecordRefusal(const absl::Status& refusal) {
  const absl::Time now = environment_.loop->Now();
  if (now < next_refusal_report_) {
    ++unreported_refusals_;
    return;
  }
  next_refusal_report_ = now + kRefusalReportInterval;
  std::string message(refusal.message());
  if (unreported_refusals_ > 0) {
    message += fmt::format("; and {} before", unreported_refusals_);
  }
  unreported_refusals_ = 0;
  RecordSelf(EventType::kWarning, "LedgerMessageRefused", std::move(message));
}

void Events::RecordRestored(const absl::Status& restored) {
  if (restored.ok()) return;
  RecordSelf(EventType::kWarning, "StateRefused",
             std::string(restored.message()));
}

void Events::RecordNameConflict(const gossip::ConflictEvent& conflict) {
  Record(EventType::kWarning, "NameConflict",
         {EventObject::kMember, conflict.existing.name},
         fmt::format("{} claims the name of {}", conflict.other.ToString(),
                     conflict.existing.endpoint.ToString()));
}

void Events::OnOutcome(const Outcome& outcome) {
  const auto& [entries, placement, health] = outcome.after;
  for (const std::string& service : outcome.changed) {
    if (entries.contains(service)) continue;
    if (!outcome.before.entries.contains(service)) continue;
    Record(EventType::kNormal, "ServiceRemoved",
           {EventObject::kService, service},
           "no manifest asks for it any more");
  }
  for (const std::string& service : outcome.changed) {
    const auto after = entries.find(service);
    if (after == entries.end()) continue;
    const auto before = outcome.before.entries.find(service);
    const bool is_new = before == outcome.before.entries.end();
    RecordEntry(service, is_new ? Entry() : before->second, after->second);
  }
  for (const std::string& service : outcome.changed) {
    const auto after = placement.find(service);
    if (after == placement.end()) continue;
    const auto before = outcome.before.placement.find(service);
    const bool is_new = before == outcome.before.placement.end();
    if (is_new || before->second != after->second) {
      RecordPlace(service, is_new ? ServicePlacement() : before->second,
                  after->second);
    }
  }
  RecordNew(EventType::kNormal, "PoolCoversHosts", health.covered,
            outcome.before.health.covered);
  RecordNew(EventType::kWarning, "StrictArp", health.strict_arp_faults,
            outcome.before.health.strict_arp_faults);
}

void Events::RecordEntry(const std::string& service, const Entry& before,
                         const Entry& after) {
  if (before == after) return;
  const EventObject object(EventObject::kService, service);
  const bool is_moved = !(before.assignment == after.assignment);
  const bool is_cleared = is_moved && after.assignment.addresses.empty();
  // One whose next address is being written to disk gives none up.
  if (is_cleared && after.being_written) return;
  if (is_cleared) {
    Record(EventType::kNormal, "ClearAssignment", object, after.reason);
  } else if (is_moved) {
    Record(EventType::kNormal, "IPAllocated", object,
           after.assignment.ToString());
  }
  if (!is_cleared && !after.reason.empty() && !after.waiting) {
    Record(EventType::kWarning, "AllocationFailed", object, after.reason);
  }
}

// An announcer that takes another's place says it all: only while others go on
// announcing, one that goes is news by itself.
void Events::RecordPlace(const std::string& service,
                         const ServicePlacement& before,
                         const ServicePlacement& after) {
  const EventObject object(EventObject::kService, service);
  if (after.announcers.empty()) {
    if (is_routed_(service)) return;
    // Pods that start, or are replaced, are no fault.
    return Record(
        after.lacks_endpoints ? EventType::kNormal : EventType::kWarning,
        "announceFailed", object, after.reason);
  }
  for (const election::Announcer& announcer : after.announcers) {
    if (std::find(before.announcers.begin(), before.announcers.end(),
                  announcer) != before.announcers.end()) {
      continue;
    }
    Record(EventType::kNormal, "nodeAssigned", object,
           "announced by " + announcer.node);
  }
  const auto change =
      election::ChangeBetween(before.announcers, after.announcers);
  if (change.stayed.empty()) return;
  for (const election::Announcer& announcer : change.went) {
    Record(EventType::kNormal, "nodeWithdrawn", object,
           "no longer announced by " + announcer.node);
  }
}

void Events::RecordRouted(const std::string& service,
                          const RoutePlanner::Plans& plans) {
  const EventObject object(EventObject::kService, service);
  const auto plan = plans.find(service);
  if (plan == plans.end()) {
    Record(EventType::kNormal, "nodeWithdrawn", object,
           fmt::format("no longer announced by {} by BGP", node_));
  } else if (plan->second.verdict == bgp::AdvertiseVerdict::kAnnounces) {
    Record(EventType::kNormal, "nodeAssigned", object,
           fmt::format("announced by {} by BGP", node_));
  } else {
    Record(EventType::kNormal, "nodeWithdrawn", object,
           fmt::format("no longer announced by {} by BGP: {}", node_,
                       ToString(plan->second.verdict)));
  }
}

void Events::RecordNew(EventType type, const std::string& reason,
                       const std::vector<std::string>& after,
                       const std::vector<std::string>& before) {
  const std::set<std::string> known(before.begin(), before.end());
  for (const std::string& sentence : after) {
    if (!known.contains(sentence)) RecordSelf(type, reason, sentence);
  }
}

void Events::RecordReleased(
    const std::vector<ipam::ReplicatedAllocator::Released>& released) {
  for (const ipam::ReplicatedAllocator::Released& one : released) {
    Record(EventType::kNormal, "AddressReleased",
           {EventObject::kService, one.service},
           one.address.ToString() + ": freed by an operator");
  }
}

void Events::RecordProblems(const std::vector<config::Problem>& problems) {
  for (const config::Problem& problem : problems) {
    Record(EventType::kWarning,
           problem.reason.empty() ? "ObjectRefused" : problem.reason,
           ObjectOf(problem), problem.ToString());
  }
}

void Events::RecordPools(size_t pools) {
  Record(EventType::kNormal, "PoolsChanged", {EventObject::kPools, ""},
         fmt::format("{} pools are in force", pools));
}

void Events::Record(EventType type, std::string reason, EventObject object,
                    std::string message) {
  environment_.log->Record({.time = environment_.loop->CivilNow(),
                            .type = type,
                            .reason = std::move(reason),
                            .object = std::move(object),
                            .message = std::move(message)});
}

void Events::RecordSelf(EventType type, std::string reason,
                        std::string message) {
  Record(type, std::move(reason), {EventObject::kNode, node_},
         std::move(message));
}

std::function<void(EventType, std::string, std::string)>
Events::SelfRecorder() {
  return [this](EventType type, std::string reason, std::string message) {
    RecordSelf(type, std::move(reason), std::move(message));
  };
}

void Events::RecordUntold(const std::string& untold,
                          const std::string& before) {
  if (untold.empty() == before.empty()) return;
  untold.empty() ? RecordSelf(EventType::kNormal, "StateTold",
                              "full exchanges have room for the ledger again")
                 : RecordSelf(EventType::kWarning, "StateUntold", untold);
}

}  // namespace lb
