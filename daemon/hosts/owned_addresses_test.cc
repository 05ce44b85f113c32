#include "daemon/hosts/owned_addresses.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::StartsWith;

net::IpAddress Address(const std::string& text) {
  return *net::ParseIpAddress(text);
}

HostAddress Own(const std::string& prefix, bool by_hand = false) {
  return {*net::ParseIpPrefix(prefix), by_hand};
}

OwnershipSources Sources() {
  return {.is_of_service = [](const net::IpAddress&) { return false; }};
}

// "" if no host owns it.
std::string TextOf(const OwnedAddresses& owned, const std::string& address) {
  const auto found = owned.find(Address(address));
  return found == owned.end() ? "" : found->second.text;
}

TEST(FindOwnersTest, HostsRoutersAndWhatIsTheSubnets) {
  OwnershipSources sources = Sources();
  sources.facts["n1"] = {
      .addresses = {Own("172.18.8.11/24"), Own("fd00::11/64"),
                    Own("10.1.1.0/31"), Own("fd01::1/127"), Own("10.0.0.7/32")},
      .routers = {Address("172.18.8.30")}};
  sources.facts["n2"] = {.addresses = {Own("172.18.8.12/24")}};
  const OwnedAddresses owned = FindOwners(sources);
  EXPECT_EQ(TextOf(owned, "172.18.8.11"), "n1's own");
  EXPECT_EQ(TextOf(owned, "172.18.8.12"), "n2's own");
  EXPECT_EQ(TextOf(owned, "fd00::11"), "n1's own");
  EXPECT_EQ(TextOf(owned, "10.0.0.7"), "n1's own");
  EXPECT_EQ(TextOf(owned, "172.18.8.30"), "the router of n1");
  EXPECT_EQ(TextOf(owned, "172.18.8.0"),
            "the network address of 172.18.8.0/24");
  EXPECT_EQ(TextOf(owned, "172.18.8.255"),
            "the broadcast address of 172.18.8.0/24");
  EXPECT_EQ(TextOf(owned, "fd00::"),
            "the subnet-router anycast address of fd00::/64");
  // A /31 and a /127 have none of these, nor has a host address.
  EXPECT_EQ(TextOf(owned, "10.1.1.0"), "n1's own");
  EXPECT_EQ(TextOf(owned, "10.1.1.1"), "");
  EXPECT_EQ(TextOf(owned, "fd01::"), "");
  EXPECT_EQ(TextOf(owned, "172.18.8.13"), "");
  EXPECT_EQ(owned.size(), 10U);
}

TEST(FindOwnersTest, AHostComesBeforeARouterAndARouterBeforeASubnet) {
  OwnershipSources sources = Sources();
  sources.facts["n1"] = {
      .addresses = {Own("172.18.8.11/24")},
      .routers = {Address("172.18.8.12"), Address("172.18.8.255")}};
  sources.facts["n2"] = {.addresses = {Own("172.18.8.12/24")}};
  const OwnedAddresses owned = FindOwners(sources);
  EXPECT_EQ(owned.at(Address("172.18.8.12")).kind, OwnerKind::kHost);
  EXPECT_EQ(owned.at(Address("172.18.8.255")).kind, OwnerKind::kRouter);
}

TEST(FindOwnersTest, EndpointsNodeObjectsAndSeeds) {
  OwnershipSources sources = Sources();
  sources.nodes = {{"speaker", Address("172.18.8.21")},
                   {"n4", Address("172.18.8.14")},
                   {"n4", Address("fd00::14")}};
  sources.seeds = {Address("172.18.8.14"), Address("172.18.8.15")};
  const OwnedAddresses owned = FindOwners(sources);
  EXPECT_EQ(TextOf(owned, "172.18.8.21"), "speaker's own");
  EXPECT_EQ(TextOf(owned, "172.18.8.14"), "n4's own");
  EXPECT_EQ(TextOf(owned, "fd00::14"), "n4's own");
  EXPECT_EQ(TextOf(owned, "172.18.8.15"), "a node's own, by the join list");
  EXPECT_EQ(owned.at(Address("172.18.8.15")).kind, OwnerKind::kSeed);
}

TEST(FindOwnersTest, DeliveryByHandIsNobodysOwn) {
  OwnershipSources sources = Sources();
  const std::string vip = "172.18.8.201";
  sources.facts["n1"] = {.addresses = {Own(vip + "/32", true)}};
  // On one host alone, and no service has to do with it: that host's own.
  EXPECT_EQ(TextOf(FindOwners(sources), vip), "n1's own");
  sources.is_of_service = [&](const net::IpAddress& address) {
    return address == Address(vip);
  };
  EXPECT_EQ(TextOf(FindOwners(sources), vip), "");
  sources = Sources();
  sources.facts["n1"] =
      sources.facts["n2"] = {.addresses = {Own(vip + "/32", true)}};
  EXPECT_EQ(TextOf(FindOwners(sources), vip), "");
  // A third one has it where it answers for it.
  sources.facts["n3"] = {.addresses = {Own(vip + "/24")}};
  EXPECT_EQ(TextOf(FindOwners(sources), vip), "n3's own");
}

TEST(FindOwnersTest, NamesFromTheNetworkArePrintable) {
  OwnershipSources sources = Sources();
  sources.nodes = {{"n\x1b[2J", Address("172.18.8.21")}};
  EXPECT_EQ(TextOf(FindOwners(sources), "172.18.8.21"), "n\\x1b[2J's own");
}

TEST(DescribeCoveredTest, NamesAFewOfEachPool) {
  OwnershipSources sources = Sources();
  sources.facts["n1"] = {.addresses = {Own("172.18.8.11/24")}};
  for (int i = 1; i <= 20; ++i) {
    sources.facts["n2"].addresses.push_back(
        Own("10.0.0." + std::to_string(i) + "/32"));
  }
  const auto pool = [](const std::string& name, const std::string& range) {
    return ipam::Pool{.name = name, .ranges = {*net::ParseIpRange(range)}};
  };
  const OwnedAddresses owned = FindOwners(sources);
  EXPECT_THAT(
      DescribeCovered(
          {pool("free", "172.18.8.12-172.18.8.254"),
           pool("many", "10.0.0.0/16"), pool("one", "172.18.8.10-172.18.8.20")},
          owned),
      ElementsAre(AllOf(StartsWith("pool many: never gives out 10.0.0.1 "
                                   "(n2's own), 10.0.0.2 (n2's own), "),
                        EndsWith(", and 12 more")),
                  "pool one: never gives out 172.18.8.11 (n1's own)"));
}

TEST(ToWithheldTest, HasWhatAHostOrARouterAnswersFor) {
  OwnershipSources sources = Sources();
  sources.facts["n1"] = {.addresses = {Own("172.18.8.11/24")},
                         .routers = {Address("172.18.8.1")}};
  sources.seeds = {Address("172.18.8.12")};
  EXPECT_EQ(ToWithheld(FindOwners(sources)),
            (OwnerTexts{{Address("172.18.8.1"), "the router of n1"},
                        {Address("172.18.8.11"), "n1's own"}}));
}

TEST(ToTakenTest, HasEveryOwnersText) {
  OwnershipSources sources = Sources();
  sources.facts["n1"] = {.addresses = {Own("172.18.8.11/32")}};
  EXPECT_EQ(ToTaken(FindOwners(sources)),
            (OwnerTexts{{Address("172.18.8.11"), "n1's own"}}));
}

}  // namespace
}  // namespace lb
