// AnnouncementPlan: the difference between what is announced and what should.
//
// A decision as a value: tests compare it as one line of text, and planning the
// same twice plans nothing.
#ifndef LB_ANNOUNCE_ANNOUNCEMENT_PLAN_H_
#define LB_ANNOUNCE_ANNOUNCEMENT_PLAN_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/announce/interface.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

// The node's part for an address, from the first call that has the address.
// While the address stays in the list, kAnnounce and kProbeFirst are the same:
// an interface that comes later, or comes back before its probes ended, is
// probed first; one where this node had the address announces it at once.
enum class Role : uint8_t {
  // Announce it at once: a member of the cluster had it until now.
  kAnnounce,
  // First ask whether a foreign host has it: no member had it until now.
  kProbeFirst,
  // Go on answering, announce it no more, and fall silent when another host
  // announces it. An address that starts so is answered at once.
  kHandOver,
};

struct Terms {
  // By any of their names; none: all usable ones.
  absl::btree_set<std::string> interfaces;
  Role role = Role::kAnnounce;
  // A host that answers for every address (proxy ARP) is no rival for this one.
  bool despite_proxy = false;
  // How often it is announced when all is quiet; zero: not at all. Nullopt: as
  // ScheduleOptions::period has it.
  std::optional<absl::Duration> refresh = {};

  friend bool operator==(const Terms&, const Terms&) = default;
};

// The addresses that a node has to announce.
using Announcements = absl::btree_map<net::IpAddress, Terms>;
// Changes of these; nullopt: the address is no longer announced.
using AnnouncementChanges =
    absl::btree_map<net::IpAddress, std::optional<Terms>>;

// One address on one interface.
struct Announcement {
  net::IpAddress vip;
  std::string interface;

  friend bool operator==(const Announcement&, const Announcement&) = default;
  friend auto operator<=>(const Announcement&, const Announcement&) = default;
};

// The facts that neighbours learn from an announcement, so each change of them
// is announced.
struct Identity {
  int interface_index = 0;
  net::MacAddress mac;
  std::optional<net::IpAddress> link_local;  // IPv6 only.

  friend bool operator==(const Identity&, const Identity&) = default;
};

struct Post {
  Identity identity;
  Role role = Role::kAnnounce;
  bool despite_proxy = false;
  std::optional<absl::Duration> refresh = {};
};

using AnnouncementSet = absl::btree_map<Announcement, Post>;

struct AnnouncementPlan {
  // Each sorted; they share nothing.
  std::vector<Announcement> start;  // Also what is no longer handed over.
  std::vector<Announcement> stop;
  std::vector<Announcement> refresh;  // Goes on, under another identity.
  std::vector<Announcement> hand_over;
  std::vector<Announcement> retune;  // Goes on, on other terms.

  bool empty() const {
    return start.empty() && stop.empty() && refresh.empty() &&
           hand_over.empty() && retune.empty();
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
