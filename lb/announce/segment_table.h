// SegmentTable: the segments of the usable interfaces, and the multicast groups
// that their claims need.
//
// Pure bookkeeping, as its segments.
#ifndef LB_ANNOUNCE_SEGMENT_TABLE_H_
#define LB_ANNOUNCE_SEGMENT_TABLE_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "lb/announce/announcement_schedule.h"
#include "lb/announce/announcer_output.h"
#include "lb/announce/claim.h"
#include "lb/announce/demand.h"
#include "lb/announce/interface.h"
#include "lb/announce/segment.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"
#include "lb/net/neighbor_packet.h"

namespace lb::announce {

class SegmentTable {
 public:
  struct Entry {
    Segment segment;
    absl::btree_set<net::IpAddress> groups;  // Last taken for it.
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  // The options and the demand must outlive it.
  SegmentTable(const ScheduleOptions* schedule_options,
               const ClaimOptions* claim_options, const Demand* demand,
               Prng prng);

  // Has one segment for each of these interfaces, and no others. A segment
  // whose interface stays keeps its claims. Returns the names.
  absl::btree_set<std::string> Match(absl::Span<const Interface> interfaces);

  // Null: the interface is not usable.
  Segment* Find(std::string_view interface);
  const Segment* Find(std::string_view interface) const;
  // REQUIRES: the interface is usable.
  Segment& At(std::string_view interface);
  const Segment& At(std::string_view interface) const;

  // In the order of the names.
  Entries::iterator begin() { return entries_.begin(); }
  Entries::iterator end() { return entries_.end(); }
  Entries::const_iterator begin() const { return entries_.begin(); }
  Entries::const_iterator end() const { return entries_.end(); }

  // Notes what a packet says of addresses that were announced on the segment
  // until a moment ago.
  void HearReleased(Segment& segment, const net::NeighborPacket& packet) const;
  // Ends the listening for those that went some seconds ago.
  void ExpireReleased(absl::Time now);
  // True if it ended since the last call of this.
  bool TakeHearingChange() { return std::exchange(hearing_stale_, false); }

  // Lets all claims rest, and drops their changes.
  void Rest(absl::Time now);

  // The next TakeGroups() looks at the claims.
  void NoteGroups() { groups_stale_ = true; }
  // The groups to join and to leave since last taken, by interface: those of
  // the IPv6 addresses that have a claim, or had one a moment ago.
  std::vector<GroupChange> TakeGroups();

 private:
  const ScheduleOptions* const schedule_options_;
  const ClaimOptions* const claim_options_;
  const Demand* const demand_;
  const Prng prng_;  // Forked per segment.
  Entries entries_;
  bool groups_stale_ = false;
  bool hearing_stale_ = false;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_SEGMENT_TABLE_H_
