#include "lb/net/ip_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "lb/net/address_text.h"

namespace lb::net {
namespace {

// ::ffff:0:0/96, RFC 4291 section 2.5.5.2.
constexpr absl::uint128 kMapped = absl::MakeUint128(0, 0xffff00000000);

absl::uint128 FromBigEndian(absl::Span<const uint8_t> bytes) {
  absl::uint128 number = 0;
  for (const uint8_t byte : bytes) number = (number << 8) | byte;
  return number;
}

std::array<uint8_t, 16> ToBigEndian(absl::uint128 number) {
  std::array<uint8_t, 16> bytes;
  for (auto it = bytes.rbegin(); it != bytes.rend(); ++it) {
    *it = static_cast<uint8_t>(absl::Uint128Low64(number));
    number >>= 8;
  }
  return bytes;
}

}  // namespace

std::string_view ToString(IpFamily family) {
  return family == IpFamily::kIpv4 ? "IPv4" : "IPv6";
}

int BitCount(IpFamily family) { return family == IpFamily::kIpv4 ? 32 : 128; }

IpAddress IpAddress::Ipv6(absl::uint128 number) {
  if ((number >> 32) == (kMapped >> 32)) {
    return Ipv4(static_cast<uint32_t>(absl::Uint128Low64(number)));
  }
  return IpAddress(IpFamily::kIpv6, number);
}

absl::StatusOr<IpAddress> IpAddress::FromBytes(
    absl::Span<const uint8_t> bytes) {
  if (bytes.size() == 16) return Ipv6(FromBigEndian(bytes));
  if (bytes.size() == 4) {
    return IpAddress(IpFamily::kIpv4, FromBigEndian(bytes));
  }
  return absl::InvalidArgumentError(
      fmt::format("IP address: {} bytes, want 4 or 16", bytes.size()));
}

bool IpAddress::is_multicast() const {
  return is_ipv4() ? (number_ >> 28) == 0xe : (number_ >> 120) == 0xff;
}

bool IpAddress::is_loopback() const {
  return is_ipv4() ? (number_ >> 24) == 127 : number_ == 1;
}

bool IpAddress::is_link_local() const {
  return is_ipv4() ? (number_ >> 16) == 0xa9fe : (number_ >> 118) == 0x3fa;
}

std::vector<uint8_t> IpAddress::ToBytes() const {
  const std::array<uint8_t, 16> bytes = ToBigEndian(number_);
  return std::vector<uint8_t>(bytes.end() - BitCount(family_) / 8, bytes.end());
}

std::array<uint8_t, 16> IpAddress::ToMappedBytes() const {
  return ToBigEndian(is_ipv4() ? kMapped | number_ : number_);
}

std::string IpAddress::ToString() const {
  // The C library writes RFC 5952, but for two forms that embed an IPv4 address
  // in ::/96; no service address lies there.
  char text[INET6_ADDRSTRLEN];
  const std::vector<uint8_t> bytes = ToBytes();
  inet_ntop(is_ipv4() ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

std::strong_ordering operator<=>(const IpAddress& a, const IpAddress& b) {
  if (a.family_ != b.family_) return a.family_ <=> b.family_;
  if (a.number_ == b.number_) return std::strong_ordering::equal;
  return a.number_ < b.number_ ? std::strong_ordering::less
                               : std::strong_ordering::greater;
}

absl::StatusOr<IpAddress> ParseIpAddress(std::string_view text) {
  const std::string terminated(text);
  uint8_t bytes[16];
  // A NUL inside would hide the rest of the text from the C library.
  if (text.find('\0') == std::string_view::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), bytes) == 1) {
      return IpAddress::FromBytes(absl::MakeConstSpan(bytes, 4));
    }
    if (inet_pton(AF_INET6, terminated.c_str(), bytes) == 1) {
      return IpAddress::FromBytes(bytes);
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\": want an IPv4 or IPv6 address", EscapedText(text)));
}

}  // namespace lb::net
