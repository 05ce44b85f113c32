// Bytes of whose a MAC is: a value in the state folder.
//
// It is a state value (lb/base/state_value.h) "LBMM" with the body
//
// body   = member*                     the one heard last comes last
// member = mac:6 size:u8 node          size 1..255, as gossip's names
#ifndef LB_ANNOUNCE_MEMBER_MACS_CODEC_H_
#define LB_ANNOUNCE_MEMBER_MACS_CODEC_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/announce/member_macs.h"

namespace lb::announce {

// REQUIRES: names have 1 to 255 bytes.
std::string SerializeMemberMacs(absl::Span<const MemberMac> members);

// DataLoss: what is wrong with the bytes.
absl::StatusOr<std::vector<MemberMac>> ParseMemberMacs(std::string_view bytes);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_MEMBER_MACS_CODEC_H_
