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
// What we say of ourselves: memberlist's own default.
inline constexpr uint8_t kOwnVersions[kVersionsSize] = {1, 5, 2, 0, 0, 0};

// Does the node understand what we speak, and we what it speaks? Whether it
// goes together with third ones is their matter: if it were ours, one node that
// somebody invented would part all others. FailedPrecondition: no, or its
// versions are missing or none.
absl::Status CheckVersions(const wire::NodeDescription& node);

}  // namespace lb::gossip

#endif  // LB_GOSSIP_VERSIONS_H_
