// The kernel's filter of an announcer: frames about some addresses, no others.
//
// On a busy segment nearly all ARP is about others. A filter that knows our
// addresses drops it in the kernel, before it wakes us up. Passed are
// - ARP packets whose target or sender address is watched,
// - neighbour solicitations and advertisements (RFC 4861) whose target or
//   source is.
// - all ARP and IPv6 behind a tag with VLAN ID 0, if the tag is in the frame.
//   (Linux takes the first tag out before a filter sees the frame.)
// Never is such a frame dropped. Others may pass: an announcer has to judge
// what it gets anyway. Addresses count as 32-bit keys (of IPv6 the sum of the
// four words, which keeps neighbours neighbours), and keys are merged into at
// most `ranges_max` ranges per family, the nearest first.
//
// The program is a binary search: about 2 + log2(ranges) tests for each address
// of the frame, at most 8 * ranges_max + 50 instructions. Pure: the same set,
// the same program.
//
//   // Before the first frame of a new address is sent:
//   LB_RETURN_IF_ERROR(Watch(*port, addresses));
#ifndef LB_ANNOUNCE_FRAME_FILTER_H_
#define LB_ANNOUNCE_FRAME_FILTER_H_

#include <cstddef>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "lb/io/frame_program.h"
#include "lb/io/frame_transport.h"
#include "lb/net/ip_address.h"

namespace lb::announce {

inline constexpr size_t kFilterRangesMax = 256;
// Before Linux 6.7 a socket had 20 KiB for its filters (net.core.optmem_max),
// the old and the new one together.
inline constexpr size_t kFilterRangesFew = 32;

// REQUIRES: 1 <= ranges_max <= kFilterRangesMax.
io::FrameProgram FilterFor(const absl::btree_set<net::IpAddress>& watched,
                           size_t ranges_max = kFilterRangesMax);

// For all addresses: all ARP, all solicitations and advertisements.
io::FrameProgram FilterForAll();

// Makes `port` pass frames about `watched`. A kernel that finds the program too
// large gets one with kFilterRangesFew ranges, then FilterForAll(), so that no
// address is missed. Returns the port's error; its last filter stays then, and
// it may miss addresses.
absl::Status Watch(io::FramePort& port,
                   const absl::btree_set<net::IpAddress>& watched);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_FRAME_FILTER_H_
