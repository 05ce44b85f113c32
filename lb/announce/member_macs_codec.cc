#include "lb/announce/member_macs_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/state_value.h"
#include "lb/base/status_macros.h"
#include "lb/net/byte_reader.h"

namespace lb::announce {
namespace {

constexpr StateFormat kFormat = {"LBMM", 1, "list of members' MACs"};

}  // namespace

std::string SerializeMemberMacs(absl::Span<const MemberMac> members) {
  std::string body;
  for (const MemberMac& member : members) {
    LB_CHECK(!member.node.empty() && member.node.size() <= UINT8_MAX);
    body.append(member.mac.bytes.begin(), member.mac.bytes.end());
    body += static_cast<char>(member.node.size());
    body += member.node;
  }
  return SealStateValue(kFormat, body);
}

absl::StatusOr<std::vector<MemberMac>> ParseMemberMacs(std::string_view bytes) {
  LB_ASSIGN_OR_RETURN(const std::string_view body,
                      OpenStateValue(kFormat, bytes));
  net::ByteReader in(AsBytes(body));
  std::vector<MemberMac> members;
  while (!in.rest().empty()) {
    MemberMac member;
    const auto mac = in.Take(member.mac.bytes.size());
    const auto node = in.Take(in.Uint8());
    if (!in.ok() || node.empty()) {
      return absl::DataLossError(
          fmt::format("member {}: damaged", members.size()));
    }
    std::copy(mac.begin(), mac.end(), member.mac.bytes.begin());
    member.node.assign(node.begin(), node.end());
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace lb::announce
