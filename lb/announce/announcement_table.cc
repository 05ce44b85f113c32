#include "lb/announce/announcement_table.h"

#include <iterator>
#include <utility>

namespace lb::announce {
namespace {

// Keeps the first `size_max`; returns how many it dropped.
size_t Truncate(AnnouncementSet& set, size_t size_max) {
  if (set.size() <= size_max) return 0;
  const size_t refused = set.size() - size_max;
  set.erase(std::next(set.begin(), static_cast<ptrdiff_t>(size_max)),
            set.end());
  return refused;
}

void Apply(const AnnouncementChanges& changes, Announcements& announcements) {
  for (const auto& [vip, terms] : changes) {
    if (terms) {
      announcements.insert_or_assign(vip, *terms);
    } else {
      announcements.erase(vip);
    }
  }
}

// The range of a set or map, by announcement, that has the address.
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

AnnouncementPlan AnnouncementTable::SetInterfaces(
    absl::Span<const Interface> interfaces) {
  return Reconcile(announcements_, interfaces);
}

AnnouncementPlan AnnouncementTable::SetAnnouncements(
    Announcements announcements, absl::Span<const Interface> interfaces) {
  const Announcements before =
      std::exchange(announcements_, std::move(announcements));
  absl::erase_if(proven_, [this](const Announcement& announcement) {
    return !announcements_.contains(announcement.vip);
  });
  return Reconcile(before, interfaces);
}

AnnouncementPlan AnnouncementTable::Change(
    const AnnouncementChanges& changes,
    absl::Span<const Interface> interfaces) {
  if (refused_ > 0 || current_.size() + changes.size() * interfaces.size() >
                          announcements_max_) {
    // Only a look at all tells which are beyond the maximum.
    Announcements all = announcements_;
    Apply(changes, all);
    return SetAnnouncements(std::move(all), interfaces);
  }
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
  AnnouncementSet wanted = Expand(after, interfaces);
  SetRoles(before, wanted);
  const AnnouncementPlan plan = PlanAnnouncements(wanted, current);
  for (const Announcement& announcement : plan.stop) {
    current_.erase(announcement);
  }
  for (const auto& [announcement, post] : wanted) {
    current_.insert_or_assign(announcement, post);
  }
  return plan;
}

AnnouncementPlan AnnouncementTable::Reconcile(
    const Announcements& before, absl::Span<const Interface> interfaces) {
  AnnouncementSet wanted = Expand(announcements_, interfaces);
  SetRoles(before, wanted);
  refused_ = Truncate(wanted, announcements_max_);
  const AnnouncementPlan plan = PlanAnnouncements(wanted, current_);
  current_ = std::move(wanted);
  return plan;
}

// Only an address that is new to this announcer can be taken over from a
// member. An interface that comes later was never asked for it, unless it was
// announced there before.
void AnnouncementTable::SetRoles(const Announcements& before,
                                 AnnouncementSet& wanted) const {
  for (auto it = wanted.begin(); it != wanted.end();) {
    auto& [announcement, post] = *it;
    const auto known = current_.find(announcement);
    const bool is_new = known == current_.end();
    const bool goes_on = !is_new && known->second.role != Role::kHandOver;
    const bool is_proven = proven_.contains(announcement);
    const bool is_unproven = before.contains(announcement.vip) && !is_proven;
    if (post.role == Role::kHandOver) {
      // Where it was not announced there is nothing to hand over.
      const bool is_none = is_unproven && (is_new || goes_on);
      it = is_none ? wanted.erase(it) : std::next(it);
      continue;
    }
    if (is_proven) {
      post.role = Role::kAnnounce;
    } else if (goes_on) {
      post.role = known->second.role;
    } else if (is_unproven) {
      post.role = Role::kProbeFirst;
    }
    ++it;
  }
}

bool AnnouncementTable::OnClaimChange(const Announcement& announcement,
                                      ClaimState before, ClaimState after,
                                      bool on_trial) {
  const bool was_foreign = foreign_.contains(announcement);
  if (after == ClaimState::kConflicted) {
    foreign_.insert(announcement);
    proven_.erase(announcement);
  } else if (after != ClaimState::kProbing) {
    foreign_.erase(announcement);
  }
  const bool is_free =
      before == ClaimState::kProbing && after == ClaimState::kAwaiting;
  const bool is_proven = is_free || Answers(after);
  if (is_proven && !on_trial) proven_.insert(announcement);
  return WantsDelivery(before) != WantsDelivery(after) ||
         foreign_.contains(announcement) != was_foreign;
}

std::vector<Announcement> AnnouncementTable::Of(
    const net::IpAddress& vip) const {
  std::vector<Announcement> announcements;
  const auto [begin, end] = RangeOf(vip, current_);
  for (auto it = begin; it != end; ++it) announcements.push_back(it->first);
  return announcements;
}

bool AnnouncementTable::DespiteProxy(const Announcement& announcement) const {
  const auto it = current_.find(announcement);
  return it != current_.end() && it->second.despite_proxy;
}

}  // namespace lb::announce
