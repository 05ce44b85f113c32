#include "lb/net/ip_prefix.h"

#include <fmt/format.h>

#include <charconv>

#include "lb/base/status_macros.h"
#include "lb/net/address_text.h"

namespace lb::net {

IpRange IpPrefix::Range() const {
  const int host_bits = BitCount(address.family()) - length;
  const absl::uint128 host_mask = host_bits == 128
                                      ? absl::Uint128Max()
                                      : (absl::uint128(1) << host_bits) - 1;
  const absl::uint128 first = address.number() & ~host_mask;
  const absl::uint128 last = address.number() | host_mask;
  if (address.is_ipv4()) {
    return {IpAddress::Ipv4(static_cast<uint32_t>(first)),
            IpAddress::Ipv4(static_cast<uint32_t>(last))};
  }
  return {IpAddress::Ipv6(first), IpAddress::Ipv6(last)};
}

std::string IpPrefix::ToString() const {
  return fmt::format("{}/{}", address.ToString(), length);
}

absl::StatusOr<IpPrefix> ParseIpPrefix(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": want address/length", EscapedText(text)));
  }
  LB_ASSIGN_OR_RETURN(const IpAddress address,
                      ParseIpAddress(text.substr(0, slash)));
  const std::string_view digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, error] =
      std::from_chars(digits.begin(), digits.end(), length);
  const int bits = BitCount(address.family());
  if (error != std::errc() || end != digits.end() || length < 0 ||
      length > bits) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": prefix length {}, want 0..{}", EscapedText(text),
                    EscapedText(digits), bits));
  }
  return IpPrefix{address, length};
}

}  // namespace lb::net
