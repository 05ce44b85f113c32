#include "lb/net/service_address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/numeric/int128.h"
#include "fmt/format.h"

namespace lb::net {
namespace {

// RFC 6890 and RFC 4291. These are numbers, because no IpAddress is a mapped
// address.
struct Special {
  IpFamily family;
  absl::uint128 first;
  absl::uint128 last;
  std::string_view what;
};

constexpr absl::uint128 Ipv6(uint64_t high, uint64_t low) {
  return absl::MakeUint128(high, low);
}

constexpr uint64_t kAll = ~uint64_t{0};
constexpr std::array<Special, 10> kSpecials = {{
    {IpFamily::kIpv4, 0, 0x00ffffff, "unspecified"},
    {IpFamily::kIpv4, 0x7f000000, 0x7fffffff, "loopback"},
    {IpFamily::kIpv4, 0xa9fe0000, 0xa9feffff, "link-local"},
    {IpFamily::kIpv4, 0xe0000000, 0xefffffff, "multicast"},
    {IpFamily::kIpv4, 0xffffffff, 0xffffffff, "limited broadcast"},
    {IpFamily::kIpv6, 0, 0, "unspecified"},
    {IpFamily::kIpv6, 1, 1, "loopback"},
    {IpFamily::kIpv6, Ipv6(0, 0xffff00000000), Ipv6(0, 0xffffffffffff),
     "mapped IPv4"},
    {IpFamily::kIpv6, Ipv6(0xfe80ULL << 48, 0), Ipv6(0xfebfffffffffffff, kAll),
     "link-local"},
    {IpFamily::kIpv6, Ipv6(0xff00ULL << 48, 0), Ipv6(kAll, kAll), "multicast"},
}};

// Writes mapped addresses, which no IpAddress can be.
std::string Text(IpFamily family, absl::uint128 number) {
  const auto low = static_cast<uint32_t>(absl::Uint128Low64(number));
  const std::string ipv4 = IpAddress::Ipv4(low).ToString();
  if (family == IpFamily::kIpv4) return ipv4;
  if ((number >> 32) == 0xffff) return fmt::format("::ffff:{}", ipv4);
  return IpAddress::Ipv6(number).ToString();
}

}  // namespace

std::string WhyNoServiceAddress(const IpRange& range) {
  for (const Special& special : kSpecials) {
    if (special.family != range.family()) continue;
    const absl::uint128 first = std::max(special.first, range.first.number());
    const absl::uint128 last = std::min(special.last, range.last.number());
    if (first > last) continue;
    const std::string text = Text(special.family, first);
    return fmt::format(
        "{} is {}",
        first == last ? text
                      : fmt::format("{}-{}", text, Text(special.family, last)),
        special.what);
  }
  return "";
}

}  // namespace lb::net
