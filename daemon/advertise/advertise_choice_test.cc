// A table: links and ways, with the address that is chosen, or why none is.
#include "daemon/advertise/advertise_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "lb/announce/interface.h"

namespace lb {
namespace {

io::Link MakeLink(int index, const std::string& name,
                  const std::vector<std::string>& addresses) {
  io::Link link{.index = index,
                .name = name,
                .up = true,
                .carrier = true,
                .loopback = name == "lo",
                .broadcast = true};
  for (const std::string& address : addresses) {
    link.addresses.push_back(*net::ParseIpPrefix(address));
  }
  return link;
}

WayOut Way(AdvertiseFit fit, const std::string& source,
           const std::string& towards = "t") {
  return {fit, towards, {.source = *net::ParseIpAddress(source)}};
}
WayOut OwnSeed(const std::string& source) {
  WayOut way = Way(AdvertiseFit::kSeed, source);
  way.route.local = true;
  return way;
}

// "kind: address, address; refused"
std::string Text(const AdvertiseChoice& choice) {
  static constexpr const char* kFits[] = {"own", "seed", "default", "link",
                                          "none"};
  std::vector<std::string> addresses;
  for (const AdvertiseCandidate& candidate : choice.candidates) {
    addresses.push_back(candidate.address.ToString());
  }
  return fmt::format("{}: {}; {}", kFits[static_cast<int>(choice.fit)],
                     fmt::join(addresses, ", "),
                     fmt::join(choice.refused, ", "));
}

struct Case {
  const char* what;
  std::vector<io::Link> links;
  std::vector<WayOut> ways;
  const char* chosen;
};

using enum AdvertiseFit;

io::Link Lo() { return MakeLink(1, "lo", {"127.0.0.1/8", "::1/128"}); }
io::Link Docker() { return MakeLink(2, "docker0", {"172.17.0.1/16"}); }
io::Link Eth0() {
  return MakeLink(3, "eth0", {"172.18.8.2/32", "172.18.8.11/24"});
}
io::Link Eth1() { return MakeLink(4, "eth1", {"10.0.0.11/24"}); }
io::Link Unplugged(io::Link link) {
  link.carrier = false;
  return link;
}
io::Link Off(io::Link link) {
  link.up = false;
  return link;
}

std::vector<Case> CasesOfRoutes() {
  return {
      {"the source towards a seed wins",
       {Lo(), Docker(), Eth0(), Eth1()},
       {Way(kSeed, "172.18.8.11"), Way(kDefault, "10.0.0.11")},
       "seed: 172.18.8.11; "},
      {"an own address in the join list wins over a way to another",
       {Lo(), Eth0(), Eth1()},
       {Way(kSeed, "172.18.8.11"), OwnSeed("10.0.0.11")},
       "own: 10.0.0.11; "},
      {"an address in the join list that moves between hosts does not",
       {Lo(), Eth0()},
       {OwnSeed("172.18.8.2"), Way(kDefault, "172.18.8.11")},
       "default: 172.18.8.11; 172.18.8.2 (eth0): of full length, may move to "
       "another host"},
      {"unless the host has no other, as in some clouds",
       {Lo(), MakeLink(2, "ens4", {"10.128.0.2/32"})},
       {OwnSeed("10.128.0.2"), Way(kDefault, "10.128.0.2")},
       "own: 10.128.0.2; "},
      {"a seed of this machine alone tells nothing",
       {Lo(), Eth0()},
       {OwnSeed("127.0.0.1"), Way(kDefault, "172.18.8.11")},
       "default: 172.18.8.11; "},
  };
}

std::vector<Case> CasesOfLinks() {
  return {
      {"an excluded interface's is not taken for the default route",
       {Lo(), Docker(), Eth1()},
       {Way(kDefault, "172.17.0.1"), Way(kLink, "10.0.0.11")},
       "link: 10.0.0.11; 172.17.0.1 (docker0): excluded"},
      {"it is for a seed",
       {Lo(), Docker()},
       {Way(kSeed, "172.17.0.1")},
       "seed: 172.17.0.1; "},
      {"nor any of a link without carrier, or that is off",
       {Lo(), Unplugged(Eth1())},
       {Way(kSeed, "10.0.0.11"), Way(kLink, "10.0.0.11")},
       "none: ; 10.0.0.11 (eth1): no carrier"},
      {"off",
       {Lo(), Off(Eth1())},
       {Way(kLink, "10.0.0.11")},
       "none: ; 10.0.0.11 (eth1): down"},
      {"a link-local address is none",
       {Lo(), MakeLink(2, "eth0", {"169.254.7.1/16", "fe80::1/64"})},
       {Way(kLink, "169.254.7.1"), Way(kLink, "fe80::1")},
       "none: ; "},
      {"a routed host's, on lo",
       {MakeLink(1, "lo", {"127.0.0.1/8", "10.9.9.9/32"}), Eth1()},
       {Way(kSeed, "10.9.9.9")},
       "seed: 10.9.9.9; "},
  };
}

std::vector<Case> CasesOfSeveral() {
  return {
      {"two seeds by two links fit differently, the first is preferred",
       {Lo(), Eth0(), Eth1()},
       {Way(kSeed, "10.0.0.11"), Way(kSeed, "172.18.8.11"),
        Way(kSeed, "10.0.0.11")},
       "seed: 10.0.0.11, 172.18.8.11; "},
      {"two links without a route fit differently",
       {Lo(), Eth0(), Eth1()},
       {Way(kLink, "172.18.8.11"), Way(kLink, "10.0.0.11")},
       "link: 172.18.8.11, 10.0.0.11; "},
      {"two addresses of one link do not",
       {Lo(), MakeLink(2, "eth0", {"10.0.0.11/24", "10.1.0.11/24"})},
       {Way(kLink, "10.0.0.11"), Way(kLink, "10.1.0.11")},
       "link: 10.0.0.11; "},
      {"nor do two families",
       {Lo(), MakeLink(2, "eth0", {"10.0.0.11/24", "2001:db8::11/64"})},
       {Way(kSeed, "2001:db8::11"), Way(kSeed, "10.0.0.11")},
       "seed: 2001:db8::11; "},
      {"a source that is on no link is none",
       {Lo(), Eth0()},
       {Way(kSeed, "192.0.2.7")},
       "none: ; "},
      {"a service's address is none",
       {Lo(), MakeLink(2, "eth0", {"172.18.9.1/32"})},
       {Way(kDefault, "172.18.9.1")},
       "none: ; 172.18.9.1 (eth0): of pool p"},
      {"nor one that came to the link before the host's own",
       {Lo(), MakeLink(2, "eth0", {"172.18.9.1/16", "172.18.8.11/16"})},
       {Way(kDefault, "172.18.9.1")},
       "default: 172.18.8.11; "},
      {"but a pool may be all of a subnet",
       {Lo(), MakeLink(2, "eth0", {"172.18.9.11/24"})},
       {Way(kSeed, "172.18.9.11")},
       "seed: 172.18.9.11; "},
      {"nothing", {}, {}, "none: ; "},
  };
}

TEST(ChooseAdvertisedTest, TakesWhatTheKernelWouldAndSaysWhyNot) {
  const std::vector<ipam::Pool> pools = {
      {.name = "p", .ranges = {*net::ParseIpRange("172.18.9.0/24")}}};
  for (const auto& cases :
       {CasesOfRoutes(), CasesOfLinks(), CasesOfSeveral()}) {
    for (const Case& c : cases) {
      SCOPED_TRACE(c.what);
      EXPECT_EQ(Text(ChooseAdvertised(
                    {.links = c.links,
                     .ways = c.ways,
                     .exclude = announce::InterfaceOptions::DefaultExclude(),
                     .pools = pools})),
                c.chosen);
    }
  }
}

TEST(ChooseAdvertisedTest, ACandidateSaysWhereAndWhy) {
  EXPECT_EQ((AdvertiseCandidate{.address = *net::ParseIpAddress("10.0.0.1"),
                                .interface = "eth0",
                                .towards = "towards 10.0.0.2"})
                .ToString(),
            "10.0.0.1 (eth0, towards 10.0.0.2)");
}

}  // namespace
}  // namespace lb
