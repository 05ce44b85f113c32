#include "lb/bgp/next_hops.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

std::string TextOf(const std::optional<wire::NextHop>& hop) {
  if (!hop) return "-";
  std::string text = hop->address.ToString();
  if (hop->link_local) text += "+" + hop->link_local->ToString();
  return text;
}

// What the interface has.
constexpr int kIpv4 = 1;
constexpr int kIpv6 = 2;
constexpr int kLinkLocal = 4;
constexpr int kOnLink = 8;

TEST(NextHopsTest, FollowTheTable) {
  const struct {
    const char* session;
    int has;
    bool rfc8950;
    std::string ipv4, ipv6;
  } kRows[] = {
      // A session of IPv4.
      {"10.0.0.1", kIpv4 | kIpv6 | kLinkLocal | kOnLink, false, "10.0.0.1",
       "2001:db8::1+fe80::1"},
      {"10.0.0.1", kIpv4 | kIpv6 | kLinkLocal, false, "10.0.0.1",
       "2001:db8::1"},
      {"10.0.0.1", kIpv4 | kLinkLocal | kOnLink, false, "10.0.0.1", "-"},
      {"10.0.0.1", kIpv4 | kIpv6, true, "10.0.0.1", "2001:db8::1"},
      // A session of IPv6; its own address goes before that of the interface.
      {"2001:db8::5", kIpv4 | kIpv6 | kLinkLocal | kOnLink, false, "10.0.0.2",
       "2001:db8::5+fe80::1"},
      {"2001:db8::5", kIpv4 | kIpv6 | kLinkLocal, true, "2001:db8::5",
       "2001:db8::5"},
      {"2001:db8::5", kIpv6 | kOnLink, false, "-", "2001:db8::5"},
      // Unnumbered.
      {"fe80::1", kLinkLocal | kOnLink, true, "fe80::1", "fe80::1"},
      {"fe80::1", kLinkLocal | kOnLink, false, "-", "fe80::1"},
      {"fe80::1", kIpv6 | kLinkLocal | kOnLink, true, "2001:db8::1+fe80::1",
       "2001:db8::1+fe80::1"},
  };
  for (const auto& row : kRows) {
    LocalAddresses local = {.session = *net::ParseIpAddress(row.session),
                            .peer_on_link = (row.has & kOnLink) != 0};
    if ((row.has & kIpv4) != 0) local.ipv4 = *net::ParseIpAddress("10.0.0.2");
    if ((row.has & kIpv6) != 0) {
      local.ipv6 = *net::ParseIpAddress("2001:db8::1");
    }
    if ((row.has & kLinkLocal) != 0) {
      local.link_local = *net::ParseIpAddress("fe80::1");
    }
    const wire::NextHops hops =
        NextHopsFor(local, {.ipv4_by_ipv6_next_hop = row.rfc8950});
    SCOPED_TRACE(row.session + std::to_string(row.has));
    EXPECT_EQ(TextOf(hops.ipv4), row.ipv4);
    EXPECT_EQ(TextOf(hops.ipv6), row.ipv6);
  }
}

}  // namespace
}  // namespace lb::bgp
