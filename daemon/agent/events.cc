#include "daemon/agent/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lb/gossip/options.h"

namespace lb {

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

void Events::RecordNameConflict(const gossip::ConflictEvent& conflict) {
  const absl::Time now = environment_.loop->Now();
  std::erase_if(name_conflicts_, [&](const auto& known) {
    return now - known.second >= kNameConflictOver;
  });
  const std::pair key(conflict.existing.name, conflict.other);
  const auto known = name_conflicts_.find(key);
  if (known != name_conflicts_.end()) {
    known->second = now;
    return;
  }
  if (name_conflicts_.size() >= kNameConflictsMax) return;
  name_conflicts_.emplace(key, now);
  Record(EventType::kWarning, "NameConflict", "Member/" + key.first,
         fmt::format("{} claims the name of {}", conflict.other.ToString(),
                     conflict.existing.endpoint.ToString()));
}

std::vector<net::Endpoint> Events::Namesakes() const {
  std::vector<net::Endpoint> namesakes;
  for (const auto& [key, heard] : name_conflicts_) {
    const bool lasts = environment_.loop->Now() - heard < kNameConflictOver;
    if (key.first == node_ && lasts) namesakes.push_back(key.second);
  }
  return namesakes;
}

void Events::RecordOutcome(const AddressEntries& entries,
                           const Placement& placement,
                           const std::set<std::string, std::less<>>& changed) {
  for (const std::string& service : changed) {
    if (entries.contains(service) || entries_.erase(service) == 0) continue;
    Record(EventType::kNormal, "ServiceRemoved", "Service/" + service,
           "no manifest asks for it any more");
  }
  for (const std::string& service : changed) {
    const auto entry = entries.find(service);
    if (entry != entries.end()) RecordEntry(service, entry->second);
  }
  for (const std::string& service : changed) {
    const auto place = placement.find(service);
    if (place == placement.end()) {
      placement_.erase(service);
    } else {
      RecordPlace(service, place->second);
    }
  }
}

void Events::RecordEntry(const std::string& service,
                         const ipam::ReplicatedAllocator::Entry& entry) {
  ipam::ReplicatedAllocator::Entry& known = entries_[service];
  if (known == entry) return;
  const std::string object = "Service/" + service;
  const bool is_moved = !(known.assignment == entry.assignment);
  const bool is_cleared = is_moved && entry.assignment.addresses.empty();
  if (is_cleared) {
    Record(EventType::kNormal, "ClearAssignment", object, entry.reason);
  } else if (is_moved) {
    Record(EventType::kNormal, "IPAllocated", object,
           entry.assignment.ToString());
  }
  if (!is_cleared && !entry.reason.empty() && !entry.waiting) {
    Record(EventType::kWarning, "AllocationFailed", object, entry.reason);
  }
  known = entry;
}

void Events::RecordPlace(const std::string& service,
                         const ServicePlacement& place) {
  const auto [known, is_new] = placement_.try_emplace(service);
  if (!is_new && known->second == place) return;
  known->second = place;
  place.node.empty()
      ? Record(EventType::kWarning, "announceFailed", "Service/" + service,
               place.reason)
      : Record(EventType::kNormal, "nodeAssigned", "Service/" + service,
               "announced by " + place.node);
}

void Events::RecordProblems(const std::vector<config::Problem>& problems,
                            const std::vector<config::Problem>& before) {
  for (const config::Problem& problem : config::NewProblems(problems, before)) {
    Record(EventType::kWarning,
           problem.reason.empty() ? "ObjectRefused" : problem.reason,
           problem.object, problem.ToString());
  }
}

void Events::Record(EventType type, std::string reason, std::string object,
                    std::string message) {
  environment_.log->Record({.time = environment_.loop->CivilNow(),
                            .type = type,
                            .reason = std::move(reason),
                            .object = std::move(object),
                            .message = std::move(message)});
}

void Events::RecordSelf(EventType type, std::string reason,
                        std::string message) {
  Record(type, std::move(reason), "Node/" + node_, std::move(message));
}

void Events::RecordCovered(const std::vector<std::string>& covered) {
  if (covered == covered_) return;
  for (const std::string& sentence : covered) {
    if (std::find(covered_.begin(), covered_.end(), sentence) !=
        covered_.end()) {
      continue;
    }
    RecordSelf(EventType::kNormal, "PoolCoversHosts", sentence);
  }
  covered_ = covered;
}

void Events::RecordState(size_t bytes) {
  const std::string before = std::exchange(untold_, "");
  if (bytes <= gossip::kUserStateSizeMax) {
    if (before.empty()) return;
    return RecordSelf(EventType::kNormal, "StateTold",
                      "full exchanges have room for the ledger again");
  }
  untold_ = fmt::format(
      "ledger, tenures and facts have {} bytes, want at most {}: full "
      "exchanges tell "
      "nothing of them",
      bytes, gossip::kUserStateSizeMax);
  if (before.empty()) {
    RecordSelf(EventType::kWarning, "StateUntold", untold_);
  }
}

void Events::RecordStrictArp(std::vector<std::string> faults) {
  const std::set<std::string> known(strict_arp_faults_.begin(),
                                    strict_arp_faults_.end());
  for (const std::string& fault : faults) {
    if (known.contains(fault)) continue;
    RecordSelf(EventType::kWarning, "StrictArp", fault);
  }
  strict_arp_faults_ = std::move(faults);
}

}  // namespace lb
