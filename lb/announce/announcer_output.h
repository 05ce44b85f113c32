// The outputs of an Announcer: frames, multicast groups, conflicts, counters.
//
// Values only.
#ifndef LB_ANNOUNCE_ANNOUNCER_OUTPUT_H_
#define LB_ANNOUNCE_ANNOUNCER_OUTPUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/claim.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

struct OutgoingFrame {
  std::string interface;
  net::IpAddress vip;  // The announced address.
  std::vector<uint8_t> bytes;
};

// A solicited-node group to join or leave. The groups of an interface that is
// no longer usable are forgotten, and joined again when it is back.
struct GroupChange {
  enum class Action { kJoin, kLeave };

  std::string interface;
  net::IpAddress group;
  Action action = Action::kJoin;

  friend bool operator==(const GroupChange&, const GroupChange&) = default;
};

// Another host has, or had, an address which we announce or want to.
struct Conflict {
  Announcement announcement;
  net::MacAddress rival;
  Outcome outcome = Outcome::kDefended;  // The announcer's reaction.

  friend bool operator==(const Conflict&, const Conflict&) = default;
};

// From the first start of an address on some interface to its last stop.
struct AddressCounters {
  uint64_t requests_received = 0;  // Only those that get an answer.
  uint64_t responses_sent = 0;
  uint64_t gratuitous_sent = 0;  // Unsolicited announcements.
  uint64_t probes_sent = 0;
  uint64_t conflicts_seen = 0;  // Frames with the verdict kConflict.

  friend bool operator==(const AddressCounters&,
                         const AddressCounters&) = default;
};

// An address that is not announced on an interface because another host has it.
struct WithheldAddress {
  Announcement announcement;
  net::MacAddress rival;
  absl::Time since;       // The loop's.
  bool by_proxy = false;  // The rival answers for every address.

  friend bool operator==(const WithheldAddress&,
                         const WithheldAddress&) = default;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_ANNOUNCER_OUTPUT_H_
