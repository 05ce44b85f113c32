#include "lb/bgp/wire/open_codec.h"

#include <utility>

#include "lb/base/check.h"
#include "lb/bgp/wire/message.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::bgp::wire {
namespace {

constexpr uint8_t kCapabilitiesParameter = 2;  // RFC 5492
// RFC 9072: as the type of the first parameter, what follows is 16 bits of
// length, and lengths of parameters have 16 bits too.
constexpr uint8_t kExtendedLengths = 255;
constexpr size_t kParametersMax = 254;

Notification LengthFault() { return Fault(OpenSubcode::kUnspecific); }

std::optional<Notification> ReadParameters(absl::Span<const uint8_t> bytes,
                                           bool is_extended, Open& open) {
  net::ByteReader in(bytes);
  while (!in.rest().empty()) {
    const absl::Span<const uint8_t> whole = in.rest();
    const uint8_t type = in.Uint8();
    const size_t size = is_extended ? in.Uint16() : in.Uint8();
    const absl::Span<const uint8_t> value = in.Take(size);
    if (!in.ok()) return LengthFault();
    if (type != kCapabilitiesParameter) {
      return Fault(OpenSubcode::kUnsupportedParameter,
                   whole.first(whole.size() - in.rest().size()));
    }
    if (!open.capabilities) open.capabilities.emplace();
    auto fault = AddCapabilities(value, *open.capabilities);
    if (fault) return fault;
  }
  return std::nullopt;
}

}  // namespace

Asn Open::asn() const {
  return four_octet_as() ? *capabilities->asn : Asn{as_field};
}

bool Open::four_octet_as() const {
  return capabilities.has_value() && capabilities->asn.has_value();
}

net::IpFamilies Open::families() const {
  return capabilities.value_or(Capabilities()).families_meant();
}

uint16_t AsField(Asn asn) {
  return static_cast<uint16_t>(asn.fits_two_octets() ? asn.number
                                                     : kAsTrans.number);
}

std::vector<uint8_t> EncodeOpen(const Open& open) {
  net::ByteWriter out;
  out.Uint8(kBgpVersion);
  out.Uint16(open.as_field);
  out.Uint16(open.hold_seconds);
  out.Uint32(open.identifier);
  if (!open.capabilities) {
    out.Uint8(0);
    return EncodeMessage(MessageType::kOpen, out.bytes());
  }
  const std::vector<uint8_t> value = EncodeCapabilities(*open.capabilities);
  const size_t parameter_size = 2 + value.size();
  LB_CHECK(parameter_size <= kParametersMax);
  out.Uint8(static_cast<uint8_t>(parameter_size));
  out.Uint8(kCapabilitiesParameter);
  out.Uint8(static_cast<uint8_t>(value.size()));
  out.Bytes(value);
  return EncodeMessage(MessageType::kOpen, out.bytes());
}

Result<Open> ParseOpen(absl::Span<const uint8_t> body) {
  net::ByteReader in(body);
  const uint8_t version = in.Uint8();
  if (in.ok() && version != kBgpVersion) {
    return Fault(OpenSubcode::kUnsupportedVersion, {0, kBgpVersion});
  }
  Open open;
  open.as_field = in.Uint16();
  open.hold_seconds = in.Uint16();
  open.identifier = in.Uint32();
  size_t size = in.Uint8();
  const bool is_extended =
      size > 0 && !in.rest().empty() && in.rest().front() == kExtendedLengths;
  if (is_extended) {
    in.Uint8();
    size = in.Uint16();
  }
  if (!in.ok() || in.rest().size() != size) return LengthFault();
  auto fault = ReadParameters(in.rest(), is_extended, open);
  if (fault) return *std::move(fault);
  return open;
}

}  // namespace lb::bgp::wire
