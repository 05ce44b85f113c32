#include "lb/announce/interface.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_prefix.h"

namespace lb::announce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

io::Link Eth0() {
  return {.index = 2,
          .name = "eth0",
          .mac = *net::ParseMacAddress("02:00:5e:00:53:01"),
          .up = true,
          .carrier = true,
          .broadcast = true,
          .addresses = {*net::ParseIpPrefix("198.51.100.1/24"),
                        *net::ParseIpPrefix("2001:db8::1/64"),
                        *net::ParseIpPrefix("fe80::1/64")}};
}

std::string Select(const io::Link& link, const InterfaceOptions& options = {}) {
  return ToString(SelectInterfaces({&link, 1}, options).front());
}

TEST(SelectInterfacesTest, PatternsMatchAlternativeNames) {
  io::Link link = Eth0();
  link.alt_names = {"enp3s0", "uplink"};
  EXPECT_EQ(Select(link, {.include = {"up*"}}), "eth0: usable");
  EXPECT_EQ(Select(link, {.include = {"eth0"}}), "eth0: usable");
  EXPECT_EQ(Select(link, {.include = {"eth1"}}), "eth0: not included");
  EXPECT_EQ(Select(link, {.exclude = {"enp3*"}}), "eth0: excluded");
}

TEST(InterfaceTest, IsNamedByAnyOfItsNames) {
  const Interface interface = {.name = "eth0", .alt_names = {"a", "uplink"}};
  EXPECT_TRUE(interface.IsNamed("eth0"));
  EXPECT_TRUE(interface.IsNamed("uplink"));
  EXPECT_FALSE(interface.IsNamed("eth1"));
}

TEST(SelectInterfacesTest, GivesTheReason) {
  const struct {
    const char* text;
    void (*change)(io::Link&);
  } kCases[] = {
      {"eth0: usable", [](io::Link&) {}},
      {"eth0: loopback", [](io::Link& link) { link.loopback = true; }},
      {"docker0: excluded", [](io::Link& link) { link.name = "docker0"; }},
      {"eth0: port of a bridge or bond",
       [](io::Link& link) { link.master = 7; }},
      {"eth0: NOARP is set", [](io::Link& link) { link.noarp = true; }},
      {"eth0: no Ethernet address", [](io::Link& link) { link.mac = {}; }},
      {"eth0: down", [](io::Link& link) { link.up = link.carrier = false; }},
      {"eth0: no carrier", [](io::Link& link) { link.carrier = false; }},
      {"eth0: ARP cannot broadcast, NDP usable",
       [](io::Link& link) { link.broadcast = false; }},
      {"eth0: ARP usable, NDP no IPv6 link-local address",
       [](io::Link& link) { link.addresses.pop_back(); }},
      {"eth0: ARP usable, NDP no IPv6 link-local address",
       [](io::Link& link) {
         link.addresses = {*net::ParseIpPrefix("169.254.0.1/16")};
       }},
      // The first reason counts.
      {"veth1: loopback",
       [](io::Link& link) {
         link.name = "veth1";
         link.loopback = true;
         link.up = false;
       }},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.text);
    io::Link link = Eth0();
    test.change(link);
    EXPECT_EQ(Select(link), test.text);
  }
}

TEST(SelectInterfacesTest, UsableOnesCarryWhatAnnouncingNeeds) {
  io::Link link = Eth0();
  EXPECT_THAT(
      SelectInterfaces({&link, 1}, {}),
      ElementsAre(InterfaceChoice{
          .interface = {.name = "eth0",
                        .index = 2,
                        .mac = link.mac,
                        .arp = true,
                        .link_local = *net::ParseIpAddress("fe80::1")}}));
  link.broadcast = false;
  link.addresses.clear();
  const InterfaceChoice choice = SelectInterfaces({&link, 1}, {}).front();
  EXPECT_FALSE(IsUsable(choice));
  EXPECT_FALSE(choice.interface.arp);
}

TEST(SelectInterfacesTest, PatternsMatchTheWholeName) {
  const struct {
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    const char* name;
    const char* text;
  } kCases[] = {
      {{}, {}, "docker0", "docker0: usable"},
      {{"eth*"}, {}, "eth0", "eth0: usable"},
      {{"eth*"}, {}, "eth0.100", "eth0.100: usable"},
      {{"eth*"}, {}, "veth0", "veth0: not included"},
      {{"eth?"}, {}, "eth10", "eth10: not included"},
      {{"eth[12]", "bond0"}, {}, "eth2", "eth2: usable"},
      {{"eth[12]", "bond0"}, {}, "bond0", "bond0: usable"},
      {{"eth[12]", "bond0"}, {}, "bond01", "bond01: not included"},
      {{"eth0"}, {"eth0"}, "eth0", "eth0: excluded"},
      {{}, {"eth1", "eth2"}, "eth2", "eth2: excluded"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.text);
    io::Link link = Eth0();
    link.name = test.name;
    EXPECT_EQ(Select(link, {.include = test.include, .exclude = test.exclude}),
              test.text);
  }
}

TEST(SelectInterfacesTest, ExcludesWhatMetalLbExcludes) {
  for (const char* name :
       {"docker0", "docker_gwbridge", "cbr0", "dummy0", "virbr0", "lxcbr0",
        "veth1a2b", "lo", "cali123", "tunl0", "flannel.1", "kube-ipvs0", "cni0",
        "nodelocaldns", "lxc1"}) {
    SCOPED_TRACE(name);
    io::Link link = Eth0();
    link.name = name;
    EXPECT_EQ(Select(link), std::string(name) + ": excluded");
  }
  for (const char* name :
       {"eth0", "ens3", "bond0", "lo1", "br0", "mydocker0"}) {
    SCOPED_TRACE(name);
    io::Link link = Eth0();
    link.name = name;
    EXPECT_EQ(Select(link), std::string(name) + ": usable");
  }
}

TEST(SelectInterfacesTest, KeepsTheOrderOfTheLinks) {
  EXPECT_THAT(SelectInterfaces({}, {}), IsEmpty());
  io::Link other = Eth0();
  other.name = "eth1";
  const io::Link links[] = {other, Eth0(), other};
  EXPECT_THAT(SelectInterfaces(links, {}), SizeIs(3));
  EXPECT_EQ(SelectInterfaces(links, {})[1].interface.name, "eth0");
}

TEST(InterfaceChoiceTest, ShowsWhyNoPortOpened) {
  EXPECT_EQ(ToString(InterfaceChoice{.interface = {.name = "eth0"},
                                     .arp = InterfaceState::kNoPort,
                                     .ndp = InterfaceState::kNoPort,
                                     .detail = "CAP_NET_RAW is missing"}),
            "eth0: no frame port (CAP_NET_RAW is missing)");
}

}  // namespace
}  // namespace lb::announce
