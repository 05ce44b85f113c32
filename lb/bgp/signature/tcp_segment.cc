#include "lb/bgp/signature/tcp_segment.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/net/byte_reader.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"
#include "openssl/evp.h"

namespace lb::bgp {
namespace {

constexpr uint8_t kTcp = 6;
constexpr size_t kIpv4HeaderMin = 20;
constexpr size_t kTcpHeaderMin = 20;
constexpr size_t kChecksumOffset = 16;
constexpr uint8_t kSyn = 0x02;
// The kinds of TCP's options.
constexpr uint8_t kEndOfOptions = 0;
constexpr uint8_t kNoOperation = 1;
constexpr uint8_t kMd5 = 19;

struct IpPayload {
  net::IpAddress source;
  net::IpAddress destination;
  absl::Span<const uint8_t> bytes;
};

absl::Status Malformed(std::string_view field, size_t value,
                       std::string_view wanted) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {}, want {}", field, value, wanted));
}

absl::Status CutShort(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: cut short", what));
}

absl::Status Another(std::string_view what) {
  return absl::UnimplementedError(fmt::format("{}, want a TCP segment", what));
}

// RFC 791, section 3.1.
absl::StatusOr<IpPayload> ParseIpv4(absl::Span<const uint8_t> packet) {
  net::ByteReader in(packet);
  const uint8_t first = in.Uint8();
  in.Take(1);  // Type of service.
  const size_t total = in.Uint16();
  in.Take(2);  // Identification.
  const uint16_t fragment = in.Uint16();
  in.Take(1);  // Time to live.
  const uint8_t protocol = in.Uint8();
  in.Take(2);  // Checksum.
  const auto source = in.Take(4);
  const auto destination = in.Take(4);
  if (!in.ok()) return CutShort("IPv4 header");
  if (first >> 4 != 4) return Malformed("IPv4 version", first >> 4, "4");
  const size_t header = (first & 0x0f) * size_t{4};
  if (header < kIpv4HeaderMin || header > total || total > packet.size()) {
    return Malformed(
        "IPv4 lengths", total,
        fmt::format("{} (the header) to {}", header, packet.size()));
  }
  // More fragments follow, or some came before.
  if ((fragment & 0x3fff) != 0) return Another("a fragment");
  if (protocol != kTcp) return Another(fmt::format("protocol {}", protocol));
  return IpPayload{*net::IpAddress::FromBytes(source),
                   *net::IpAddress::FromBytes(destination),
                   packet.first(total).subspan(header)};
}

// RFC 8200, section 3.
absl::StatusOr<IpPayload> ParseIpv6(absl::Span<const uint8_t> packet) {
  net::ByteReader in(packet);
  const uint8_t version = in.Uint8() >> 4;
  in.Take(3);  // Traffic class and flow label.
  const size_t length = in.Uint16();
  const uint8_t next = in.Uint8();
  in.Take(1);  // Hop limit.
  const auto source = in.Take(16);
  const auto destination = in.Take(16);
  if (!in.ok()) return CutShort("IPv6 header");
  if (version != 6) return Malformed("IPv6 version", version, "6");
  if (length > in.rest().size()) {
    return Malformed("IPv6 payload length", length,
                     fmt::format("at most {}", in.rest().size()));
  }
  if (next != kTcp) return Another(fmt::format("next header {}", next));
  return IpPayload{*net::IpAddress::FromBytes(source),
                   *net::IpAddress::FromBytes(destination),
                   in.rest().first(length)};
}

absl::StatusOr<IpPayload> ParsePacket(absl::Span<const uint8_t> frame) {
  LB_ASSIGN_OR_RETURN(const net::EthernetFrame ethernet,
                      net::ParseEthernet(frame));
  switch (ethernet.header.ether_type) {
    case kEtherTypeIpv4:
      return ParseIpv4(ethernet.payload);
    case net::kEtherTypeIpv6:
      return ParseIpv6(ethernet.payload);
    default:
      return Another(fmt::format("type {:#06x}", ethernet.header.ether_type));
  }
}

// RFC 9293, section 3.2; RFC 2385, section 3.0.
absl::StatusOr<std::optional<TcpSignature>> FindSignature(
    absl::Span<const uint8_t> options) {
  net::ByteReader in(options);
  while (!in.rest().empty()) {
    const uint8_t kind = in.Uint8();
    if (kind == kEndOfOptions) break;
    if (kind == kNoOperation) continue;
    const size_t length = in.Uint8();
    const auto value = in.Take(std::max<size_t>(length, 2) - 2);
    if (!in.ok() || length < 2) {
      return Malformed(fmt::format("length of TCP option {}", kind), length,
                       "2 to what is left");
    }
    if (kind != kMd5) continue;
    TcpSignature signature;
    if (value.size() != signature.size()) {
      return Malformed("length of TCP option 19", length, "18");
    }
    std::copy(value.begin(), value.end(), signature.begin());
    return signature;
  }
  return std::nullopt;
}

void AppendBytes(absl::Span<const uint8_t> bytes, std::vector<uint8_t>* out) {
  out->insert(out->end(), bytes.begin(), bytes.end());
}

// RFC 9293, section 3.1, and RFC 8200, section 8.1.
void AppendPseudoHeader(const TcpSegment& segment, std::vector<uint8_t>* out) {
  AppendBytes(segment.source.address.ToBytes(), out);
  AppendBytes(segment.destination.address.ToBytes(), out);
  const auto length = static_cast<uint32_t>(segment.bytes.size());
  const auto high = static_cast<uint8_t>(length >> 8);
  const auto low = static_cast<uint8_t>(length);
  if (segment.source.address.is_ipv4()) {
    AppendBytes({0, kTcp, high, low}, out);
  } else {
    AppendBytes({0, 0, high, low, 0, 0, 0, kTcp}, out);
  }
}

}  // namespace

absl::StatusOr<TcpSegment> ParseTcpSegment(absl::Span<const uint8_t> frame) {
  LB_ASSIGN_OR_RETURN(const IpPayload payload, ParsePacket(frame));
  net::ByteReader in(payload.bytes);
  TcpSegment segment = {.bytes = payload.bytes};
  segment.source = {payload.source, in.Uint16()};
  segment.destination = {payload.destination, in.Uint16()};
  in.Take(8);  // Sequence and acknowledgment numbers.
  const size_t header = (in.Uint8() >> 4) * size_t{4};
  segment.syn = (in.Uint8() & kSyn) != 0;
  in.Take(6);  // Window, checksum, urgent pointer.
  if (!in.ok()) return CutShort("TCP header");
  if (header < kTcpHeaderMin || header > payload.bytes.size()) {
    return Malformed("TCP data offset", header,
                     fmt::format("20 to {}", payload.bytes.size()));
  }
  LB_ASSIGN_OR_RETURN(segment.signature,
                      FindSignature(in.rest().first(header - kTcpHeaderMin)));
  return segment;
}

TcpSignature SignatureOf(const TcpSegment& segment, std::string_view key) {
  LB_CHECK(segment.bytes.size() >= kTcpHeaderMin);
  std::vector<uint8_t> signed_bytes;
  AppendPseudoHeader(segment, &signed_bytes);
  const size_t header_at = signed_bytes.size();
  AppendBytes(segment.bytes.first(kTcpHeaderMin), &signed_bytes);
  std::fill_n(signed_bytes.begin() + header_at + kChecksumOffset, 2, 0);
  const size_t header = (segment.bytes[12] >> 4) * size_t{4};
  AppendBytes(segment.bytes.subspan(std::min(header, segment.bytes.size())),
              &signed_bytes);
  signed_bytes.insert(signed_bytes.end(), key.begin(), key.end());
  TcpSignature signature = {};
  // A library without MD5 (FIPS) makes none, which no segment has.
  if (EVP_Digest(signed_bytes.data(), signed_bytes.size(), signature.data(),
                 nullptr, EVP_md5(), nullptr) != 1) {
    signature = {};
  }
  return signature;
}

bool IsSignedWith(const TcpSegment& segment, std::string_view key) {
  return segment.signature == SignatureOf(segment, key);
}

}  // namespace lb::bgp
