#include "daemon/agent/tally.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

namespace lb {
namespace {

using election::Announcers;

const Announcers& AnnouncersOf(const Placement& placement,
                               const std::string& service) {
  static const auto& none = *new Announcers();
  const auto place = placement.find(service);
  return place == placement.end() ? none : place->second.announcers;
}

// Only there a node takes over from another.
Announcers OnLayer2(const Announcers& announcers) {
  Announcers elected;
  for (const election::Announcer& announcer : announcers) {
    if (announcer.protocol == election::Protocol::kLayer2) {
      elected.push_back(announcer);
    }
  }
  return elected;
}

}  // namespace

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
    case MemberChange::kVerified:
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
    if (place != after.placement.end() && place->second.lacks_endpoints) {
      endpointless_since_.try_emplace(service, outcome.at);
    } else {
      endpointless_since_.erase(service);
    }
    const auto& was = AnnouncersOf(before.placement, service);
    const auto& is = AnnouncersOf(after.placement, service);
    NoteAnnouncers(service, is, outcome.at);
    CountMove(election::ChangeBetween(OnLayer2(was), OnLayer2(is)), outcome.at,
              outcome.announces);
  }
}

void Tally::NoteAnnouncers(const std::string& service,
                           const election::Announcers& announcers,
                           absl::Time now) {
  if (announcers.empty()) {
    announced_since_.erase(service);
    return;
  }
  AnnouncedSince& since = announced_since_[service];
  std::erase_if(since, [&](const auto& known) {
    return !election::IsAnnouncedBy(announcers, known.first);
  });
  for (const election::Announcer& announcer : announcers) {
    since.try_emplace(announcer.node, now);
  }
}

// Where one goes on announcing, no service moves.
void Tally::CountMove(const election::AnnouncerChange& change, absl::Time now,
                      bool announces) {
  if (change.came.empty() || change.went.empty() || !change.stayed.empty()) {
    return;
  }
  ++election_changes_;
  if (!announces || !election::IsAnnouncedBy(change.came, node_)) return;
  std::optional<absl::Time> alive;  // The last proof of life of those lost.
  for (const election::Announcer& from : change.went) {
    const auto lost = lost_.find(from.node);
    if (lost == lost_.end()) continue;
    alive = std::max(alive.value_or(lost->second), lost->second);
  }
  if (alive) takeovers_.Add(now - *alive);
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
