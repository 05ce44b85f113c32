// The user state of full exchanges between lbds: several messages, each of a
// kind that its first bytes tell.
//
//   state   = "lbs" version(1) { size(4) message }    numbers big-endian
#ifndef LB_DAEMON_EXCHANGE_USER_STATE_H_
#define LB_DAEMON_EXCHANGE_USER_STATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/gossip/wire/messages.h"

namespace lb {

gossip::wire::Bytes PackUserState(absl::Span<const std::string> messages);

// Nullopt: it is no lbd's, or damaged.
std::optional<std::vector<std::string>> UnpackUserState(
    absl::Span<const uint8_t> state);

}  // namespace lb

#endif  // LB_DAEMON_EXCHANGE_USER_STATE_H_
