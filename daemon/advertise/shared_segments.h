// Finds interfaces of this node that announce on one segment.
//
// Both would answer for each address, with two MACs, and clients would flap
// between them. Two usable interfaces are on one segment if they have addresses
// of one network (link-local networks, and networks of one address, do not
// count), or if one hears the announcements of the other, whatever their
// networks.
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

// Returns one sentence for each pair of interfaces, with its remedy; sorted.
// For `hearing` see announce::CrossHearing.
std::vector<std::string> FindSharedSegments(
    absl::Span<const io::Link> links, const announce::InterfaceOptions& options,
    absl::Span<const announce::InterfacePair> hearing);

}  // namespace lb

#endif  // LB_DAEMON_ADVERTISE_SHARED_SEGMENTS_H_
