#include "lb/bgp/wire/route_refresh.h"

#include <utility>

#include "lb/base/check.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::bgp::wire {
namespace {

constexpr size_t kBodySize = 4;        // AFI, subtype, SAFI
constexpr uint8_t kInvalidLength = 1;  // RFC 7313, section 5

RefreshKind KindOf(uint8_t subtype) {
  return subtype < static_cast<uint8_t>(RefreshKind::kUnknown)
             ? static_cast<RefreshKind>(subtype)
             : RefreshKind::kUnknown;
}

Notification TooShort(const Message& message) {
  return Fault(HeaderSubcode::kBadLength,
               message.bytes.subspan(kMarkerSize, sizeof(uint16_t)));
}

}  // namespace

std::vector<uint8_t> EncodeRouteRefresh(RefreshKind kind,
                                        net::IpFamily family) {
  LB_CHECK(kind != RefreshKind::kUnknown);
  const AddressFamily unicast = UnicastOf(family);
  net::ByteWriter out;
  out.Uint16(unicast.afi);
  out.Uint8(static_cast<uint8_t>(kind));
  out.Uint8(unicast.safi);
  return EncodeMessage(MessageType::kRouteRefresh, out.bytes());
}

Result<RouteRefresh> ParseRouteRefresh(const Message& message) {
  const absl::Span<const uint8_t> body = message.body();
  net::ByteReader in(body);
  const uint16_t afi = in.Uint16();
  const uint8_t subtype = in.Uint8();
  if (!in.ok()) return TooShort(message);
  const RefreshKind kind = KindOf(subtype);
  const bool is_mark = kind == RefreshKind::kBegin || kind == RefreshKind::kEnd;
  if (is_mark && body.size() != kBodySize) {
    return Notification{ErrorCode::kRouteRefresh,
                        kInvalidLength,
                        {message.bytes.begin(), message.bytes.end()}};
  }
  const uint8_t safi = in.Uint8();
  if (!in.ok()) return TooShort(message);
  return RouteRefresh{kind, FamilyOfUnicast({afi, safi})};
}

}  // namespace lb::bgp::wire
