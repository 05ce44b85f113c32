#include "lb/net/mac_address.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "lb/base/check.h"

namespace lb::net {

std::string MacAddress::ToString() const {
  return fmt::format("{:02x}", fmt::join(bytes, ":"));
}

MacAddress MulticastMac(const IpAddress& group) {
  LB_CHECK(group.is_ipv6() && group.is_multicast());
  MacAddress mac = {{0x33, 0x33}};
  const std::array<uint8_t, 16> bytes = group.ToMappedBytes();
  std::copy(bytes.end() - 4, bytes.end(), mac.bytes.begin() + 2);
  return mac;
}

absl::StatusOr<MacAddress> ParseMacAddress(std::string_view text) {
  const auto wrong = absl::InvalidArgumentError(fmt::format(
      "\"{}\": want a MAC address such as 02:00:5e:00:53:01", text));
  if (text.size() != 17) return wrong;
  MacAddress mac;
  for (size_t i = 0; i < mac.bytes.size(); ++i) {
    const char* pair = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(pair, pair + 2, mac.bytes[i], 16);
    if (error != std::errc() || end != pair + 2) return wrong;
    if (i < 5 && *end != ':') return wrong;
  }
  return mac;
}

}  // namespace lb::net
