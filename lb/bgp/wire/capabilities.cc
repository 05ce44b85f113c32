#include "lb/bgp/wire/capabilities.h"

#include <algorithm>
#include <utility>

#include "lb/base/check.h"
#include "lb/bgp/wire/message.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::bgp::wire {
namespace {

// IANA's numbers of capabilities.
enum Code : uint8_t {
  kMultiprotocol = 1,          // RFC 4760
  kRouteRefresh = 2,           // RFC 2918
  kExtendedNextHop = 5,        // RFC 8950
  kExtendedMessage = 6,        // RFC 8654
  kGracefulRestart = 64,       // RFC 4724
  kFourOctetAs = 65,           // RFC 6793
  kEnhancedRouteRefresh = 70,  // RFC 7313
};

constexpr net::IpFamily kFamilies[] = {net::IpFamily::kIpv4,
                                       net::IpFamily::kIpv6};

// RFC 4724, section 3, and RFC 8538, section 2.
constexpr uint16_t kRestartedBit = 0x8000;
constexpr uint16_t kNotificationBit = 0x4000;
constexpr uint8_t kForwardingBit = 0x80;

bool Includes(const net::IpFamilies& families, net::IpFamily family) {
  return family == net::IpFamily::kIpv4 ? families.ipv4 : families.ipv6;
}

void Add(net::IpFamily family, net::IpFamilies& families) {
  (family == net::IpFamily::kIpv4 ? families.ipv4 : families.ipv6) = true;
}

void Write(Code code, absl::Span<const uint8_t> value, net::ByteWriter& out) {
  out.Uint8(code);
  out.Uint8(static_cast<uint8_t>(value.size()));
  out.Bytes(value);
}

void WriteMultiprotocol(net::IpFamily family, net::ByteWriter& out) {
  const AddressFamily unicast = UnicastOf(family);
  net::ByteWriter value;
  value.Uint16(unicast.afi);
  value.Uint8(0);
  value.Uint8(unicast.safi);
  Write(kMultiprotocol, value.bytes(), out);
}

void WriteExtendedNextHop(net::ByteWriter& out) {
  net::ByteWriter value;
  value.Uint16(UnicastOf(net::IpFamily::kIpv4).afi);
  value.Uint16(kSafiUnicast);  // 16 bits here, and here alone
  value.Uint16(UnicastOf(net::IpFamily::kIpv6).afi);
  Write(kExtendedNextHop, value.bytes(), out);
}

void WriteGracefulRestart(const GracefulRestart& restart,
                          net::ByteWriter& out) {
  LB_CHECK(restart.seconds <= GracefulRestart::kSecondsMax);
  LB_CHECK(restart.families.IncludesAll(restart.forwarding_kept));
  uint16_t first = restart.seconds;
  if (restart.restarted) first |= kRestartedBit;
  if (restart.notification) first |= kNotificationBit;
  net::ByteWriter value;
  value.Uint16(first);
  for (const net::IpFamily family : kFamilies) {
    if (!Includes(restart.families, family)) continue;
    value.Uint16(UnicastOf(family).afi);
    value.Uint8(kSafiUnicast);
    value.Uint8(Includes(restart.forwarding_kept, family) ? kForwardingBit : 0);
  }
  Write(kGracefulRestart, value.bytes(), out);
}

// The readers return false if the length is wrong.

bool ReadMultiprotocol(absl::Span<const uint8_t> value, Capabilities& out) {
  net::ByteReader in(value);
  const uint16_t afi = in.Uint16();
  in.Uint8();  // reserved
  const uint8_t safi = in.Uint8();
  if (!in.ok() || !in.rest().empty()) return false;
  out.multiprotocol = true;
  const auto family = FamilyOfUnicast({afi, safi});
  if (family) Add(*family, out.families);
  return true;
}

bool ReadExtendedNextHop(absl::Span<const uint8_t> value, Capabilities& out) {
  net::ByteReader in(value);
  while (!in.rest().empty()) {
    const uint16_t afi = in.Uint16();
    const uint16_t safi = in.Uint16();
    const uint16_t next_hop_afi = in.Uint16();
    if (!in.ok()) return false;
    if (afi == UnicastOf(net::IpFamily::kIpv4).afi && safi == kSafiUnicast &&
        next_hop_afi == UnicastOf(net::IpFamily::kIpv6).afi) {
      out.ipv4_by_ipv6_next_hop = true;
    }
  }
  return true;
}

bool ReadGracefulRestart(absl::Span<const uint8_t> value, Capabilities& out) {
  net::ByteReader in(value);
  const uint16_t first = in.Uint16();
  if (!in.ok()) return false;
  GracefulRestart restart;
  restart.restarted = (first & kRestartedBit) != 0;
  restart.notification = (first & kNotificationBit) != 0;
  restart.seconds = first & GracefulRestart::kSecondsMax;
  while (!in.rest().empty()) {
    const uint16_t afi = in.Uint16();
    const uint8_t safi = in.Uint8();
    const uint8_t flags = in.Uint8();
    if (!in.ok()) return false;
    const auto family = FamilyOfUnicast({afi, safi});
    if (!family) continue;
    Add(*family, restart.families);
    if ((flags & kForwardingBit) != 0) Add(*family, restart.forwarding_kept);
  }
  out.graceful_restart = restart;  // RFC 4724: the last one counts.
  return true;
}

bool ReadFourOctetAs(absl::Span<const uint8_t> value, Capabilities& out) {
  net::ByteReader in(value);
  const Asn asn = {in.Uint32()};
  if (!in.ok() || !in.rest().empty()) return false;
  out.asn = asn;
  return true;
}

bool Read(uint8_t code, absl::Span<const uint8_t> value, Capabilities& out) {
  switch (code) {
    case kMultiprotocol:
      return ReadMultiprotocol(value, out);
    case kRouteRefresh:
      out.route_refresh = true;
      return true;
    case kExtendedNextHop:
      return ReadExtendedNextHop(value, out);
    case kExtendedMessage:
      out.extended_message = true;
      return true;
    case kGracefulRestart:
      return ReadGracefulRestart(value, out);
    case kFourOctetAs:
      return ReadFourOctetAs(value, out);
    case kEnhancedRouteRefresh:
      out.enhanced_route_refresh = true;
      return true;
    default:  // Any number: the peer may be newer than this.
      return true;
  }
}

}  // namespace

std::vector<uint8_t> EncodeCapabilities(const Capabilities& capabilities) {
  net::ByteWriter out;
  for (const net::IpFamily family : kFamilies) {
    if (Includes(capabilities.families, family)) {
      WriteMultiprotocol(family, out);
    }
  }
  if (capabilities.route_refresh) Write(kRouteRefresh, {}, out);
  if (capabilities.ipv4_by_ipv6_next_hop) WriteExtendedNextHop(out);
  if (capabilities.graceful_restart) {
    WriteGracefulRestart(*capabilities.graceful_restart, out);
  }
  if (capabilities.asn) {
    net::ByteWriter value;
    value.Uint32(capabilities.asn->number);
    Write(kFourOctetAs, value.bytes(), out);
  }
  if (capabilities.enhanced_route_refresh) {
    Write(kEnhancedRouteRefresh, {}, out);
  }
  return std::move(out).Finish();
}

std::optional<Notification> AddCapabilities(absl::Span<const uint8_t> value,
                                            Capabilities& capabilities) {
  net::ByteReader in(value);
  while (!in.rest().empty()) {
    const uint8_t code = in.Uint8();
    const absl::Span<const uint8_t> of_code = in.Take(in.Uint8());
    if (!in.ok() || !Read(code, of_code, capabilities)) {
      return Fault(OpenSubcode::kUnspecific);
    }
  }
  return std::nullopt;
}

}  // namespace lb::bgp::wire
