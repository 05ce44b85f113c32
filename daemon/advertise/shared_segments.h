// Do two interfaces of this node announce on one segment?
//
// Then both answer for each address, with two MACs, and clients flap between
// them. Two usable interfaces with addresses of one network say so (link-local
// networks, and those of one address, say nothing), and two of which one hears
// what the other announces, whatever their networks.
//
// Pure.
#ifndef LB_DAEMON_ADVERTISE_SHARED_SEGMENTS_H_
#define LB_DAEMON_ADVERTISE_SHARED_SEGMENTS_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/announce/cross_hearing.h"
#include "lb/announce/interface.h"
#include "lb/io/link_monitor.h"

namespace lb {

// One sentence per pair of interfaces, with its remedy; sorted. `hearing`: see
// announce::CrossHearing.
std::vector<std::string> FindSharedSegments(
    absl::Span<const io::Link> links, const announce::InterfaceOptions& options,
    absl::Span<const announce::InterfacePair> hearing);

}  // namespace lb

#endif  // LB_DAEMON_ADVERTISE_SHARED_SEGMENTS_H_
