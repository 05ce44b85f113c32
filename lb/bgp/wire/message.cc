#include "lb/bgp/wire/message.h"

#include <utility>

#include "lb/base/check.h"
#include "lb/net/byte_writer.h"

namespace lb::bgp::wire {
namespace {

// RFC 4760 and IANA's numbers of address families.
constexpr uint16_t kAfiIpv4 = 1;
constexpr uint16_t kAfiIpv6 = 2;

}  // namespace

AddressFamily UnicastOf(net::IpFamily family) {
  return {family == net::IpFamily::kIpv4 ? kAfiIpv4 : kAfiIpv6, kSafiUnicast};
}

std::optional<net::IpFamily> FamilyOfUnicast(const AddressFamily& family) {
  for (const auto known : {net::IpFamily::kIpv4, net::IpFamily::kIpv6}) {
    if (family == UnicastOf(known)) return known;
  }
  return std::nullopt;
}

std::vector<uint8_t> EncodeMessage(MessageType type,
                                   absl::Span<const uint8_t> body) {
  const size_t size = kHeaderSize + body.size();
  LB_CHECK(size <= kMessageSizeMax);
  net::ByteWriter out;
  for (size_t i = 0; i < kMarkerSize; ++i) out.Uint8(0xff);
  out.Uint16(static_cast<uint16_t>(size));
  out.Uint8(static_cast<uint8_t>(type));
  out.Bytes(body);
  return std::move(out).Finish();
}

std::vector<uint8_t> EncodeKeepalive() {
  return EncodeMessage(MessageType::kKeepalive, {});
}

}  // namespace lb::bgp::wire
