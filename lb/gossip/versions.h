// The versions of memberlist's protocol that a node speaks, and of its user's
// (the delegate's).
#ifndef LB_GOSSIP_VERSIONS_H_
#define LB_GOSSIP_VERSIONS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {

// The least, the most and the one in use of the protocol, then the delegate's.
inline constexpr size_t kVersionsSize = 6;
// The versions that this library tells: memberlist's own default.
inline constexpr uint8_t kOwnVersions[kVersionsSize] = {1, 5, 2, 0, 0, 0};

// Checks that the node and this one understand each other. Whether it is
// compatible with third nodes does not count: otherwise one invented node would
// separate all others. FailedPrecondition: they do not understand each other,
// or its versions are missing or invalid.
absl::Status CheckVersions(const wire::NodeDescription& node);

}  // namespace lb::gossip

#endif  // LB_GOSSIP_VERSIONS_H_
