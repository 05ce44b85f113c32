#include "lb/announce/announcement_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace lb::announce {
namespace {

// Interfaces serve IPv4 and IPv6 apart.
bool Serves(const Interface& interface, const net::IpAddress& vip) {
  return vip.is_ipv4() ? interface.arp : interface.link_local.has_value();
}

Identity IdentityOf(const Interface& interface, const net::IpAddress& vip) {
  Identity identity{.interface_index = interface.index, .mac = interface.mac};
  if (vip.is_ipv6()) identity.link_local = interface.link_local;
  return identity;
}

void Append(std::string_view verb, const std::vector<Announcement>& list,
            std::string& text) {
  if (list.empty()) return;
  if (!text.empty()) text += "; ";
  text += verb;
  for (const Announcement& announcement : list) {
    text += fmt::format(" {}@{}", announcement.vip.ToString(),
                        announcement.interface);
  }
}

}  // namespace

std::string AnnouncementPlan::ToString() const {
  std::string text;
  Append("start", start, text);
  Append("stop", stop, text);
  Append("refresh", refresh, text);
  Append("hand over", hand_over, text);
  Append("retune", retune, text);
  return text.empty() ? "nothing" : text;
}

AnnouncementSet Expand(const Announcements& announcements,
                       absl::Span<const Interface> interfaces) {
  AnnouncementSet expanded;
  for (const auto& [vip, terms] : announcements) {
    const auto& names = terms.interfaces;
    for (const Interface& interface : interfaces) {
      if (!Serves(interface, vip)) continue;
      const bool is_named = std::any_of(
          names.begin(), names.end(),
          [&](const auto& name) { return interface.IsNamed(name); });
      if (!names.empty() && !is_named) continue;
      expanded.emplace(Announcement{vip, interface.name},
                       Post{IdentityOf(interface, vip), terms.role,
                            terms.despite_proxy, terms.refresh});
    }
  }
  return expanded;
}

AnnouncementPlan PlanAnnouncements(const AnnouncementSet& wanted,
                                   const AnnouncementSet& current) {
  AnnouncementPlan plan;
  for (const auto& [announcement, post] : wanted) {
    const auto it = current.find(announcement);
    const bool is_new = it == current.end();
    const bool leaves = post.role == Role::kHandOver;
    const bool left = !is_new && it->second.role == Role::kHandOver;
    if (is_new || (left && !leaves)) {
      plan.start.push_back(announcement);
    } else if (leaves && !left) {
      plan.hand_over.push_back(announcement);
    } else if (it->second.identity != post.identity) {
      plan.refresh.push_back(announcement);
    }
    if (!is_new && (post.despite_proxy != it->second.despite_proxy ||
                    post.refresh != it->second.refresh)) {
      plan.retune.push_back(announcement);
    }
  }
  for (const auto& [announcement, post] : current) {
    if (!wanted.contains(announcement)) plan.stop.push_back(announcement);
  }
  return plan;
}

}  // namespace lb::announce
