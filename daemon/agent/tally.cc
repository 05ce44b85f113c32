#include "daemon/agent/tally.h"

#include <variant>

namespace lb {

using gossip::MemberChange;

void Tally::OnDesired(size_t problems) {
  ++manifests_read_;
  if (problems > 0) ++manifests_refused_;
}

void Tally::OnGossip(absl::Time now, const gossip::GossipEvent& event) {
  if (const auto* ping = std::get_if<gossip::PingEvent>(&event)) {
    answers_[ping->member] = {ping->round_trip, now};
    return;
  }
  const auto* change = std::get_if<gossip::MemberEvent>(&event);
  if (change == nullptr) return;
  const std::string& member = change->member.name;
  switch (change->change) {
    case MemberChange::kJoined:
    case MemberChange::kUpdated:
    case MemberChange::kHeard:
    case MemberChange::kMoved:
      lost_.erase(member);
      return;
    case MemberChange::kLeft:  // Its goodbye is the proof.
      lost_[member] = now;
      break;
    case MemberChange::kFailed: {
      const auto answer = answers_.find(member);
      if (answer != answers_.end()) lost_[member] = answer->second.at;
      break;
    }
  }
  answers_.erase(member);
}

void Tally::OnConflict(absl::Time now, const announce::Conflict& conflict) {
  conflicts_.insert_or_assign(conflict.announcement,
                              ConflictSeen{conflict, now});
}

void Tally::OnOutcome(const Outcome& outcome) {
  const Outcome::Side& before = outcome.before;
  const Outcome::Side& after = outcome.after;
  for (const std::string& service : outcome.changed) {
    CountFailure(service, before.entries, after.entries);
    const auto entry = after.entries.find(service);
    if (entry != after.entries.end() && entry->second.waiting &&
        entry->second.assignment.addresses.empty()) {
      unassigned_since_.try_emplace(service, outcome.at);
    } else {
      unassigned_since_.erase(service);
    }
    const auto place = after.placement.find(service);
    if (place == after.placement.end() || place->second.node.empty()) {
      announced_since_.erase(service);
      continue;
    }
    const auto known = before.placement.find(service);
    const std::string from =
        known == before.placement.end() ? "" : known->second.node;
    if (from == place->second.node) continue;
    announced_since_[service] = outcome.at;
    if (!from.empty())
      CountMove(place->second.node, from, outcome.at, outcome.announces);
  }
}

void Tally::CountMove(const std::string& node, const std::string& from,
                      absl::Time now, bool announces) {
  ++election_changes_;
  if (node != node_ || !announces) return;
  const auto lost = lost_.find(from);
  if (lost != lost_.end()) takeovers_.Add(now - lost->second);
}

void Tally::OnReconciled(absl::Time now) {
  lost_.clear();
  std::erase_if(conflicts_, [&](const auto& seen) {
    return now - seen.second.at >= kConflictOver;
  });
}

void Tally::CountFailure(const std::string& service,
                         const AddressEntries& before,
                         const AddressEntries& after) {
  const auto entry = after.find(service);
  if (entry == after.end()) return;
  const absl::StatusCode code = entry->second.code;
  if (code == absl::StatusCode::kOk) return;
  const auto known = before.find(service);
  if (known != before.end() && known->second.code == code) return;
  ++allocation_failures_[code];
}

std::map<announce::Announcement, Tally::ConflictSeen> Tally::ConflictsAt(
    absl::Time now) const {
  auto lasting = conflicts_;
  std::erase_if(lasting, [&](const auto& seen) {
    return now - seen.second.at >= kConflictOver;
  });
  return lasting;
}

}  // namespace lb
