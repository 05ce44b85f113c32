// Bytes of tenures: one gossip message.
//
// message = "LBTN" version:u8 TenureMessage          (tenure.proto)
//
// The version is 1. The magic tells our messages from other users of the same
// gossip. The same tenures give the same bytes. A message cut short is refused
// (it says how many tenures it has); corruption inside is for the transport to
// find. Unknown fields are skipped: a later release may add some.
#ifndef LB_ELECTION_TENURE_CODEC_H_
#define LB_ELECTION_TENURE_CODEC_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/election/tenure.h"
#include "lb/replication/message_split.h"

namespace lb::election {

// A message larger than this is refused unread. kTenuresMax of usual size take
// 4 MB.
inline constexpr size_t kTenureMessageSizeMax = 16 << 20;

// Is this meant to be a tenure message (and not another user's bytes)?
bool IsTenureMessage(std::string_view bytes);

// REQUIRES: each is valid.
std::string SerializeTenures(absl::Span<const Tenure> tenures);

// InvalidArgument: not a message of ours, of another version, too large, cut
// short, of more than kTenuresMax tenures, or with one that Validate() refuses.
absl::StatusOr<std::vector<Tenure>> ParseTenures(std::string_view bytes);

using TenureMessages = replication::SplitMessages;
// The tenures in as few messages as fit in their order.
TenureMessages SplitTenures(absl::Span<const Tenure> tenures, size_t size_max);

}  // namespace lb::election

#endif  // LB_ELECTION_TENURE_CODEC_H_
