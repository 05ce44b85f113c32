// AnnouncementPlan: the difference between what is announced and what should.
//
// A decision as a value: tests compare it as one line of text, and planning the
// same twice plans nothing.
#ifndef LB_ANNOUNCE_ANNOUNCEMENT_PLAN_H_
#define LB_ANNOUNCE_ANNOUNCEMENT_PLAN_H_

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "lb/announce/interface.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

// What a node is told to announce: each address with the names of the
// interfaces to announce it on; none named: all usable ones.
using Announcements =
    absl::btree_map<net::IpAddress, absl::btree_set<std::string>>;

// One address on one interface.
struct Announcement {
  net::IpAddress vip;
  std::string interface;

  friend bool operator==(const Announcement&, const Announcement&) = default;
  friend auto operator<=>(const Announcement&, const Announcement&) = default;
};

// What neighbours learn from an announcement. If it changes they must hear it.
struct Identity {
  int interface_index = 0;
  net::MacAddress mac;
  std::optional<net::IpAddress> link_local;  // IPv6 only.

  friend bool operator==(const Identity&, const Identity&) = default;
};

using AnnouncementSet = absl::btree_map<Announcement, Identity>;

struct AnnouncementPlan {
  // Each sorted; they share nothing.
  std::vector<Announcement> start;
  std::vector<Announcement> stop;
  std::vector<Announcement> refresh;  // Goes on, under another identity.

  bool empty() const {
    return start.empty() && stop.empty() && refresh.empty();
  }
  // "start 10.0.0.1@eth0 10.0.0.2@eth0; stop 2001:db8::1@eth1" or "nothing".
  std::string ToString() const;

  friend bool operator==(const AnnouncementPlan&,
                         const AnnouncementPlan&) = default;
};

// Each announced address on each usable interface that it may use.
AnnouncementSet Expand(const Announcements& announcements,
                       absl::Span<const Interface> interfaces);

AnnouncementPlan PlanAnnouncements(const AnnouncementSet& wanted,
                                   const AnnouncementSet& current);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_ANNOUNCEMENT_PLAN_H_
