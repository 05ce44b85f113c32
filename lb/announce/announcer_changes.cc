// Announcer: some of its addresses are announced otherwise.
#include <string>

#include "lb/announce/announcer.h"

namespace lb::announce {
namespace {

void Apply(const AnnouncementChanges& changes, Announcements& announcements) {
  for (const auto& [vip, terms] : changes) {
    if (terms) {
      announcements.insert_or_assign(vip, *terms);
    } else {
      announcements.erase(vip);
    }
  }
}

// Returns the part of a set or map by announcement that is about the address.
template <typename Container>
auto RangeOf(const net::IpAddress& vip, Container& container) {
  const auto begin = container.lower_bound({vip, ""});
  auto end = begin;
  const auto vip_of = [](const auto& entry) {
    if constexpr (requires { entry.first; }) {
      return entry.first.vip;
    } else {
      return entry.vip;
    }
  };
  while (end != container.end() && vip_of(*end) == vip) ++end;
  return std::pair(begin, end);
}

}  // namespace

AnnouncementPlan Announcer::ChangeAnnouncements(
    absl::Time now, const AnnouncementChanges& changes) {
  if (refused_ > 0 || current_.size() + changes.size() * interfaces_.size() >
                          options_.announcements_max) {
    // Only a look at all tells which are beyond the maximum.
    Announcements all = announcements_;
    Apply(changes, all);
    return SetAnnouncements(now, std::move(all));
  }
  NoteRun(now);
  Announcements before;
  Announcements after;
  AnnouncementSet current;
  for (const auto& [vip, terms] : changes) {
    const auto known = announcements_.find(vip);
    if (known != announcements_.end()) before.insert(*known);
    const auto [begin, end] = RangeOf(vip, current_);
    current.insert(begin, end);
    if (terms) {
      after.emplace(vip, *terms);
      continue;
    }
    const auto [first_proven, last_proven] = RangeOf(vip, proven_);
    proven_.erase(first_proven, last_proven);
  }
  Apply(changes, announcements_);
  AnnouncementSet wanted = Expand(after, interfaces_);
  SetRoles(before, wanted);
  const AnnouncementPlan plan = PlanAnnouncements(wanted, current);
  for (const Announcement& announcement : plan.stop) {
    current_.erase(announcement);
  }
  for (const auto& [announcement, post] : wanted) {
    current_.insert_or_assign(announcement, post);
  }
  Follow(now, plan);
  return plan;
}

}  // namespace lb::announce
