#include "lb/bgp/local_addresses.h"

#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

net::IpAddress Ip(std::string_view text) { return *net::ParseIpAddress(text); }

io::Link MakeLink(std::string name, std::vector<std::string_view> addresses) {
  io::Link link = {.index = 1, .name = std::move(name)};
  for (const std::string_view address : addresses) {
    link.addresses.push_back(*net::ParseIpPrefix(address));
  }
  return link;
}

const std::vector<io::Link> kLinks = {
    MakeLink("lo", {"127.0.0.1/8", "::1/128"}),
    MakeLink("eth0",
             {"10.0.0.1/24", "10.0.0.9/24", "2001:db8::1/64", "fe80::1/64"}),
    MakeLink("eth1", {"192.168.0.1/24", "fe80::1/64"})};

TEST(LocalAddressesTest, AreThoseOfTheInterfaceOfTheSession) {
  EXPECT_EQ(LocalAddressesOf({Ip("10.0.0.9"), Ip("10.0.0.254"), ""}, kLinks),
            (LocalAddresses{.session = Ip("10.0.0.9"),
                            .ipv4 = Ip("10.0.0.1"),
                            .ipv6 = Ip("2001:db8::1"),
                            .link_local = Ip("fe80::1"),
                            .peer_on_link = true}));
  EXPECT_EQ(LocalAddressesOf({Ip("192.168.0.1"), Ip("10.0.0.254"), ""}, kLinks),
            (LocalAddresses{.session = Ip("192.168.0.1"),
                            .ipv4 = Ip("192.168.0.1"),
                            .link_local = Ip("fe80::1")}));
  EXPECT_EQ(LocalAddressesOf({Ip("127.0.0.1"), Ip("127.0.0.1"), ""}, kLinks),
            (LocalAddresses{.session = Ip("127.0.0.1"), .peer_on_link = true}));
}

TEST(LocalAddressesTest, ALinkLocalAddressIsTheOneOfItsInterface) {
  EXPECT_EQ(
      LocalAddressesOf({Ip("fe80::1"), Ip("fe80::2"), "eth1"}, kLinks)->ipv4,
      Ip("192.168.0.1"));
  EXPECT_EQ(
      LocalAddressesOf({Ip("fe80::1"), Ip("fe80::2"), "eth0"}, kLinks)->ipv4,
      Ip("10.0.0.1"));
}

TEST(LocalAddressesTest, NoneIfNoInterfaceHasIt) {
  EXPECT_EQ(LocalAddressesOf({Ip("10.0.0.2"), Ip("10.0.0.254"), ""}, kLinks),
            std::nullopt);
  EXPECT_EQ(
      LocalAddressesOf({Ip("10.0.0.1"), Ip("10.0.0.254"), "eth1"}, kLinks),
      std::nullopt);
}

TEST(LocalAddressesTest, InterfacesThatHaveAnAddress) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(InterfacesWith(Ip("10.0.0.9"), kLinks), Names{"eth0"});
  EXPECT_EQ(InterfacesWith(Ip("fe80::1"), kLinks), (Names{"eth0", "eth1"}));
  EXPECT_EQ(InterfacesWith(Ip("10.0.0.2"), kLinks), Names{});
}

}  // namespace
}  // namespace lb::bgp
