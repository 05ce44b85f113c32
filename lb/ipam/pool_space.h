// PoolSpace: which addresses of one pool are held, and which is next.
//
// The pool's ranges are cut at its excluded addresses into segments, in the
// order written. A free address is fresh, or it rests: one that was held stays
// out of turn for the pool's cool-down, and with kLeastRecentlyUsed it comes
// after all fresh ones. Reserved addresses are never in turn, nor are those
// that a host has (TakenAddresses), which do not rest either.
//
// O(log n) in segments, in runs of addresses that are not fresh, and in resting
// addresses, of which there are at most kRestsMax: then the one that rested
// longest becomes fresh, which is counted.
#ifndef LB_IPAM_POOL_SPACE_H_
#define LB_IPAM_POOL_SPACE_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/held_slots.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/resting_addresses.h"
#include "lb/ipam/slot_space.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {

inline constexpr size_t kRestsMax = 65'536;  // In one pool.

class PoolSpace {
 public:
  explicit PoolSpace(const Pool& pool);

  // The segment that the address lies in, counted as the ranges were written.
  std::optional<size_t> SegmentOf(const net::IpAddress& address) const;

  // Why the pool does not give out an address of its ranges: "excludes" or
  // "avoids (avoidBuggyIPs)"; empty: it does.
  std::string_view WhyWithheld(const net::IpAddress& address) const;
  bool GivesOut(const net::IpAddress& address) const {
    return SlotOf(address).has_value();
  }

  // REQUIRES: GivesOut() and the address is free (Take) or taken (Free).
  void Take(const net::IpAddress& address);
  void Free(const net::IpAddress& address, Rest rest);

  // As Free(), but then it was never held; and of a free one: it does not rest.
  void Forget(const net::IpAddress& address);
  void EndRest(const net::IpAddress& address);

  // Notes that a host has the address, which a service holds or none does; and
  // that no host has it any more. REQUIRES: GivesOut(); IsHosts() or not.
  void AddHosts(const net::IpAddress& address, bool is_held);
  void RemoveHosts(const net::IpAddress& address);
  bool IsHosts(const net::IpAddress& address) const {
    return hosts_free_.contains(address) || hosts_held_.contains(address);
  }
  // Addresses of hosts that no service holds, in order.
  const absl::btree_set<net::IpAddress>& hosts_free() const {
    return hosts_free_;
  }

  // Notes that an address was freed at some time: what an earlier run knew.
  // REQUIRES: GivesOut() and the address is free.
  void Remember(const net::IpAddress& address, Rest rest);

  // Ends the cool-downs that are over at `now`.
  void AdvanceTo(absl::Time now);
  // When the next one is over; the infinite future: there is none.
  absl::Time NextCoolDownEnd() const;
  // When the address may be given to others; nullopt: it does not cool down.
  std::optional<absl::Time> CoolDownEnd(const net::IpAddress& address) const;
  const RestingAddresses& resting() const { return resting_; }

  // The free address that is next in turn.
  std::optional<net::IpAddress> NextFree(net::IpFamily family) const;
  bool HasFree(net::IpFamily family) const;

  // True if it has addresses of the family at all, held or free.
  bool HasFamily(net::IpFamily family) const;

  const PoolUsage& usage() const { return usage_; }

 private:
  struct Segment {
    net::IpFamily family;
    bool is_excluded;
    SlotSpace space;
    HeldSlots not_fresh;
  };
  struct Slot {
    size_t segment;
    absl::uint128 number;
  };

  void AddSegment(const Pool& pool, const net::IpRange& range, bool excluded);
  // Nullopt: not given out.
  std::optional<Slot> SlotOf(const net::IpAddress& address) const;
  void SetFresh(const net::IpAddress& address, bool fresh);
  absl::Time EndOf(const Rest& rest) const {
    return rest.freed_at + cool_down_;
  }
  // Makes those fresh that need not rest, and those that are too many.
  void EndRests();
  // Notes whether the segment has fresh addresses.
  void NoteFresh(size_t segment);

  absl::Duration cool_down_;
  bool by_use_;  // Least recently used first.
  std::vector<Segment> segments_;
  absl::btree_map<net::IpAddress, size_t> by_first_;  // Each segment's.
  absl::btree_set<net::IpAddress> reserved_;
  // Addresses that hosts have: not held by a service, and held.
  absl::btree_set<net::IpAddress> hosts_free_;
  absl::btree_set<net::IpAddress> hosts_held_;
  RestingAddresses resting_;
  // Segments with fresh addresses, for each family.
  absl::btree_set<size_t> fresh_[2];
  absl::Time now_ = absl::InfinitePast();
  PoolUsage usage_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_POOL_SPACE_H_
