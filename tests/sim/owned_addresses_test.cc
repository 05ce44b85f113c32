// Addresses that hosts own: no service gets one. If a host gets an address that
// a service holds, all nodes withhold it until the host gives it up.
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/hosts/address_owners.h"
#include "daemon/hosts/facts_exchange.h"
#include "daemon/members/node_metadata.h"
#include "daemon/problems/problems.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::SizeIs;

// The time for facts to reach all nodes, and for the next decisions.
constexpr absl::Duration kFactsTravel = absl::Seconds(2);

net::IpPrefix Prefix(const std::string& text) {
  return *net::ParseIpPrefix(text);
}

std::string Services(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) {
    text += ServiceManifest("s" + std::to_string(i));
  }
  return text;
}

class OwnedAddressesTest : public testing::Test {
 protected:
  void Give(const std::string& range, const std::string& services) {
    cluster_.SetManifests(PoolManifest("p", range) + kAdvertisement + services);
  }
  // All services' addresses and nodes, as all running nodes show them.
  void ExpectOnAll(const std::string& line) {
    for (const std::string& node : cluster_.names()) {
      if (!cluster_.running(node)) continue;
      EXPECT_THAT(cluster_.Show(node), HasSubstr(line)) << node;
    }
  }
  std::string ReasonOn(const std::string& node, const std::string& service) {
    return cluster_.agent(node)
        .View()
        .entries()
        .at("default/" + service)
        .reason;
  }
  std::vector<std::string> ProblemsOf(const std::string& node) {
    std::vector<std::string> texts;
    for (const Problem& problem : ListProblems(cluster_.agent(node).View())) {
      if (problem.kind == ProblemKind::kOwnedAddress) {
        texts.push_back(problem.text);
      }
    }
    return texts;
  }
  // Is the address on "lo" of any node?
  bool IsDelivered(const std::string& address) {
    for (const std::string& node : cluster_.names()) {
      if (cluster_.host(node).installer().installed().contains(
              {"lo", *net::ParseIpAddress(address)})) {
        return true;
      }
    }
    return false;
  }
  size_t MembersOf(const std::string& node) {
    return cluster_.agent(node).View().gossip().VerifiedMembers().size();
  }
  std::string Author() { return cluster_.agent("n1").View().ledger.author; }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3, Delivery::kLoopback};
};

TEST_F(OwnedAddressesTest, APoolThatCoversTheHostsGivesNoneOfTheirsOut) {
  cluster_.host("n2").links().AddAddress("eth0", Prefix("172.18.8.4/24"));
  Give("172.18.8.0/28", Services(11));  // 16, without 0, 4, 11, 12, 13.
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  for (const char* own : {"0", "4", "11", "12", "13"}) {
    EXPECT_THAT(cluster_.Show("n1"),
                Not(HasSubstr(std::string(" 172.18.8.") + own + " ")));
    EXPECT_FALSE(IsDelivered(std::string("172.18.8.") + own));
  }
  EXPECT_EQ(MembersOf("n1"), 3U);
  EXPECT_THAT(ListProblems(cluster_.agent("n1").View()), IsEmpty());
  // The pool has no more.
  Give("172.18.8.0/28", Services(12));
  cluster_.RunFor(absl::Seconds(5));
  EXPECT_EQ(cluster_.AddressOf("n1", "s12"), "-");
}

TEST_F(OwnedAddressesTest, AServiceThatAsksForOneHasNoneAndIsToldWhy) {
  Give("172.18.8.0/24", ServiceManifest("on-n1", "172.18.8.11") +
                            ServiceManifest("on-n3", "172.18.8.13") +
                            ServiceManifest("broadcast", "172.18.8.255"));
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(20));
  for (const char* service : {"on-n1", "on-n3", "broadcast"}) {
    ExpectOnAll(std::string("default/") + service + " - -");
  }
  EXPECT_THAT(ReasonOn(Author(), "on-n1"),
              HasSubstr("pool p: 172.18.8.11 is n1's own"));
  EXPECT_THAT(ReasonOn(Author(), "on-n3"),
              HasSubstr("pool p: 172.18.8.13 is n3's own"));
  EXPECT_THAT(ReasonOn(Author(), "broadcast"),
              HasSubstr("172.18.8.255 is the broadcast address of "
                        "172.18.8.0/24"));
  for (const char* address : {"172.18.8.11", "172.18.8.13"}) {
    EXPECT_FALSE(IsDelivered(address));
    EXPECT_THAT(cluster_.AnnouncersOf(address), IsEmpty());
  }
  EXPECT_EQ(MembersOf("n2"), 3U);
}

TEST_F(OwnedAddressesTest, OneThatAHostGetsIsWithheldUntilItGivesItUp) {
  const std::string vip = "172.18.8.201";
  Give("172.18.8.201-172.18.8.205", ServiceManifest("web"));
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  ASSERT_EQ(cluster_.AddressOf("n1", "web"), vip);

  cluster_.host("n2").links().AddAddress("eth0", Prefix(vip + "/24"));
  cluster_.RunFor(kFactsTravel);
  ExpectOnAll("default/web " + vip + " -");  // The record stays.
  EXPECT_THAT(cluster_.AnnouncersOf(vip), IsEmpty());
  EXPECT_FALSE(IsDelivered(vip));
  for (const std::string& node : cluster_.names()) {
    ASSERT_THAT(ProblemsOf(node), SizeIs(1));
    EXPECT_THAT(ProblemsOf(node)[0],
                HasSubstr("172.18.8.201 is n2's own: withheld by all nodes, "
                          "want `lbctl release 172.18.8.201`"));
  }

  cluster_.host("n2").links().RemoveAddress("eth0", Prefix(vip + "/24"));
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(10))) << cluster_.Dump();
  EXPECT_EQ(cluster_.AddressOf("n1", "web"), vip);
  EXPECT_THAT(ProblemsOf("n1"), IsEmpty());
}

TEST_F(OwnedAddressesTest, AReleaseGivesTheServiceAnother) {
  Give("172.18.8.201-172.18.8.205", ServiceManifest("web"));
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  cluster_.host("n2").links().AddAddress("eth0", Prefix("172.18.8.201/24"));
  cluster_.RunFor(kFactsTravel);
  const auto released = cluster_.agent("n3").Release(
      {.address = *net::ParseIpAddress("172.18.8.201")},
      [](const absl::Status&) {});
  ASSERT_TRUE(released.ok()) << released.status();
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(10))) << cluster_.Dump();
  EXPECT_EQ(cluster_.AddressOf("n1", "web"), "172.18.8.202");
  EXPECT_THAT(ProblemsOf("n1"), IsEmpty());
}

TEST_F(OwnedAddressesTest, AHostThatIsDownKeepsItsAddresses) {
  cluster_.host("n3").links().AddAddress("eth0", Prefix("172.18.8.201/24"));
  Give("172.18.8.201-172.18.8.205", "");
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(10));
  cluster_.Crash("n3");
  cluster_.RunFor(absl::Minutes(10));
  Give("172.18.8.201-172.18.8.205", ServiceManifest("web"));
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(10))) << cluster_.Dump();
  EXPECT_EQ(cluster_.AddressOf("n1", "web"), "172.18.8.202");
}

// It hears no other node, and knows what it was told before.
TEST_F(OwnedAddressesTest, ANodeThatStartsAloneKnowsTheOthersAddresses) {
  cluster_.host("n3").links().AddAddress("eth0", Prefix("172.18.8.201/24"));
  Give("172.18.8.201-172.18.8.205", "");
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(10));
  for (const char* node : {"n1", "n2", "n3"}) cluster_.Crash(node);
  Give("172.18.8.201-172.18.8.205", ServiceManifest("web"));
  cluster_.Start("n1");
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_EQ(cluster_.AddressOf("n1", "web"), "172.18.8.202");
}

class RestoredFactsTest : public OwnedAddressesTest {
 protected:
  // All know that n3 has the first address of the pool; then all are off.
  void Begin() {
    cluster_.host("n3").links().AddAddress("eth0", Prefix("172.18.8.201/24"));
    Give("172.18.8.201-172.18.8.205", "");
    cluster_.StartAll();
    cluster_.RunFor(absl::Seconds(10));
    TurnAllOff();
  }
  void TurnAllOff() {
    for (const std::string& node : cluster_.names()) cluster_.Crash(node);
  }
  bool Knows(const std::string& node) {
    return cluster_.agent(node).View().owners.table().entries().contains("n3");
  }
};

// Facts lived for another hour from each start, and were told to others as new.
TEST_F(RestoredFactsTest, FactsAgeWhileANodeIsDown) {
  Begin();
  cluster_.RunFor(absl::Minutes(50));
  cluster_.Start("n1");
  cluster_.RunFor(absl::Seconds(10));
  EXPECT_TRUE(Knows("n1"));
  // n2 lost its disk, and is told: it keeps them no longer than n1 does.
  cluster_.host("n2").state().values().clear();
  cluster_.Start("n2");
  cluster_.RunFor(absl::Minutes(1));
  EXPECT_TRUE(Knows("n2"));
  cluster_.RunFor(absl::Minutes(11));
  EXPECT_FALSE(Knows("n1"));
  EXPECT_FALSE(Knows("n2"));
}

TEST_F(RestoredFactsTest, FactsOfLongAgoAreDropped) {
  Begin();
  cluster_.RunFor(absl::Hours(2));
  cluster_.Start("n1");
  cluster_.RunFor(absl::Seconds(1));
  EXPECT_FALSE(Knows("n1"));
}

TEST_F(RestoredFactsTest, FactsOfTheFutureAreDropped) {
  Begin();
  cluster_.host("n1").process().SetCivilError(-absl::Hours(24));
  cluster_.Start("n1");
  cluster_.RunFor(absl::Seconds(1));
  EXPECT_FALSE(Knows("n1"));
}

// Nothing changed for hours before the node was off: its members were there.
TEST_F(RestoredFactsTest, FactsOfMembersThatWereUpAreYoung) {
  cluster_.host("n3").links().AddAddress("eth0", Prefix("172.18.8.201/24"));
  cluster_.StartAll();
  cluster_.RunFor(absl::Minutes(75));
  TurnAllOff();
  cluster_.RunFor(absl::Minutes(45));
  cluster_.Start("n1");
  cluster_.RunFor(absl::Seconds(1));
  EXPECT_TRUE(Knows("n1"));
}

// All start for the first time, and are not equally quick: the address of a
// member was given out before any node had heard of it.
TEST(StartingTogetherTest, NoMembersSecondAddressIsGivenOut) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    Cluster cluster(seed, /*nodes=*/3, Delivery::kLoopback);
    cluster.SetManifests(PoolManifest("p", "172.18.8.201-172.18.8.205") +
                         kAdvertisement + ServiceManifest("web"));
    std::vector<std::string> order = cluster.names();
    prng.Shuffle(absl::MakeSpan(order));
    cluster.host(order[2]).links().AddAddress("eth0",
                                              Prefix("172.18.8.201/24"));
    for (const std::string& node : order) {
      cluster.Start(node);
      cluster.RunFor(prng.UniformDuration(seed % 2 == 0 ? absl::Seconds(2)
                                                        : absl::Seconds(0.1)));
    }
    ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
    EXPECT_EQ(cluster.AddressOf("n1", "web"), "172.18.8.202");
    EXPECT_THAT(ListProblems(cluster.agent("n1").View()), IsEmpty());
  }
}

// One that never comes holds nothing up for longer than the settle time.
TEST_F(OwnedAddressesTest, ASeedThatIsDownDelaysTheFirstAddressesOnly) {
  Give("172.18.8.201-172.18.8.205", ServiceManifest("web"));
  cluster_.Start("n1");
  cluster_.Start("n2");
  cluster_.RunFor(absl::Seconds(4));
  EXPECT_EQ(cluster_.AddressOf("n1", "web"), "-");
  cluster_.RunFor(absl::Seconds(2));
  EXPECT_EQ(cluster_.AddressOf("n1", "web"), "172.18.8.201");
  Give("172.18.8.201-172.18.8.205",
       ServiceManifest("web") + ServiceManifest("other"));
  cluster_.RunFor(absl::Seconds(1));
  EXPECT_EQ(cluster_.AddressOf("n1", "other"), "172.18.8.202");
}

// The facts of an lbd never come: they are too large for the network between.
TEST_F(OwnedAddressesTest, FactsThatNeverComeHoldNothingUp) {
  cluster_.Start("n1");
  const auto peer = cluster_.StartPeer("n2", "n1");
  ASSERT_TRUE(peer->SetMeta(SerializeNodeMetadata({.facts_digest = 7})).ok());
  cluster_.RunFor(absl::Milliseconds(500));
  EXPECT_TRUE(cluster_.agent("n1").View().owners.AwaitsFacts());
  cluster_.RunFor(FactsExchange::kAwaitMax);
  EXPECT_FALSE(cluster_.agent("n1").View().owners.AwaitsFacts());
  cluster_.Crash("n2");
}

// A node that was never told uses its join list.
TEST_F(OwnedAddressesTest, TheJoinListNamesAddressesOfHosts) {
  Give("172.18.8.0/24", ServiceManifest("on-n3", "172.18.8.13"));
  cluster_.Start("n1");
  cluster_.RunFor(absl::Seconds(20));
  EXPECT_EQ(cluster_.AddressOf("n1", "on-n3"), "-");
  EXPECT_THAT(ReasonOn("n1", "on-n3"),
              HasSubstr("172.18.8.13 is a node's own, by the join list"));
}

TEST_F(OwnedAddressesTest, AMemberThatIsNoLbdOwnsWhereItsGossipIs) {
  Give("172.18.8.8/29", Services(5));  // 8 to 15, without 11, 12, 13.
  cluster_.Start("n1");
  cluster_.Start("n2");
  const auto speaker = cluster_.StartPeer("n3", "n1");
  cluster_.RunFor(absl::Seconds(20));
  EXPECT_THAT(cluster_.Show("n1"), Not(HasSubstr("172.18.8.13")));
  EXPECT_THAT(cluster_.Show("n1"), Not(HasSubstr(" - ")));
  cluster_.Crash("n3");
}

TEST_F(OwnedAddressesTest, NodeObjectsListAddressesOfHosts) {
  Give("172.18.8.201-172.18.8.205",
       ServiceManifest("web") +
           "---\n"
           "apiVersion: v1\n"
           "kind: Node\n"
           "metadata: {name: n9}\n"
           "status: {addresses: [{type: InternalIP, address: 172.18.8.201}, "
           "{type: Hostname, address: n9}]}\n");
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_EQ(cluster_.AddressOf("n1", "web"), "172.18.8.202");
}

TEST_F(OwnedAddressesTest, ADefaultRoutersAddressIsGivenToNobody) {
  cluster_.host("n2").routes().SetDefaultGateway(
      *net::ParseIpAddress("172.18.8.201"));
  Give("172.18.8.201-172.18.8.205",
       ServiceManifest("any") + ServiceManifest("asks", "172.18.8.201"));
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(20));
  EXPECT_EQ(cluster_.AddressOf("n1", "any"), "172.18.8.202");
  EXPECT_EQ(cluster_.AddressOf("n1", "asks"), "-");
  EXPECT_THAT(ReasonOn(Author(), "asks"),
              HasSubstr("172.18.8.201 is the router of n2"));
  EXPECT_FALSE(IsDelivered("172.18.8.201"));
}

io::Route Via(const std::string& gateway) {
  return {.gateway = *net::ParseIpAddress(gateway)};
}

// Only default routes' gateways were known.
TEST_F(OwnedAddressesTest, ANextHopsAddressIsGivenToNobody) {
  auto& routes = cluster_.host("n2").routes();
  routes.Add(Prefix("10.20.0.0/16"), Via("172.18.8.201"));
  routes.Add(Prefix("10.21.0.0/16"), Via("172.18.8.203"));
  routes.Add(Prefix("fd00:20::/64"), Via("fd00::201"));
  cluster_.SetManifests(PoolManifest("p", "172.18.8.201-172.18.8.205") +
                        PoolManifest("sixes", "fd00::201-fd00::205") +
                        kAdvertisement + ServiceManifest("any") +
                        ServiceManifest("asks", "172.18.8.201") +
                        ServiceManifest("asks-six", "fd00::201"));
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(20));
  EXPECT_EQ(cluster_.AddressOf("n1", "any"), "172.18.8.202");
  EXPECT_EQ(cluster_.AddressOf("n1", "asks"), "-");
  EXPECT_THAT(ReasonOn(Author(), "asks"),
              HasSubstr("172.18.8.201 is the router of n2"));
  EXPECT_EQ(cluster_.AddressOf("n1", "asks-six"), "-");
  EXPECT_THAT(ReasonOn(Author(), "asks-six"),
              HasSubstr("fd00::201 is the router of n2"));
}

TEST_F(OwnedAddressesTest, ANextHopThatComesIsWithheldUntilItGoes) {
  const std::string vip = "172.18.8.201";
  Give("172.18.8.201-172.18.8.205", ServiceManifest("web"));
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  ASSERT_EQ(cluster_.AddressOf("n1", "web"), vip);

  cluster_.host("n2").routes().Add(Prefix("10.20.0.0/16"), Via(vip));
  cluster_.RunFor(AddressOwners::kRoutersInterval + kFactsTravel);
  ExpectOnAll("default/web " + vip + " -");
  EXPECT_THAT(cluster_.AnnouncersOf(vip), IsEmpty());
  for (const std::string& node : cluster_.names()) {
    ASSERT_THAT(ProblemsOf(node), SizeIs(1));
    EXPECT_THAT(ProblemsOf(node)[0],
                HasSubstr("172.18.8.201 is the router of n2: withheld by all "
                          "nodes, want `lbctl release 172.18.8.201`, which "
                          "gives the service another; or no route of n2 "
                          "through it"));
  }

  cluster_.host("n2").routes().Remove(Prefix("10.20.0.0/16"));
  cluster_.RunFor(AddressOwners::kRoutersInterval);
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(10))) << cluster_.Dump();
  EXPECT_THAT(ProblemsOf("n1"), IsEmpty());
}

// As with pod networks that are routed from node to node, of many nodes.
TEST_F(OwnedAddressesTest, ANextHopThatIsANodeIsToldByThatNodeAlone) {
  auto& routes = cluster_.host("n2").routes();
  routes.Add(Prefix("10.20.1.0/24"), Via("172.18.8.11"));
  routes.Add(Prefix("10.20.3.0/24"), Via("172.18.8.13"));
  Give("172.18.8.0/24", Services(1));
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  cluster_.RunFor(kFactsTravel);
  const auto& hosts = cluster_.agent("n1").View().owners.table().entries();
  EXPECT_THAT(hosts.at("n2").facts.routers, IsEmpty());
  EXPECT_EQ(cluster_.agent("n1")
                .View()
                .owners.owned()
                .at(*net::ParseIpAddress("172.18.8.13"))
                .text,
            "n3's own");
}

// With `deliver: none` an operator may put services' addresses on lo by hand.
TEST(DeliveryByHandTest, AServicesAddressOnLoIsNoHostsOwn) {
  Cluster cluster(/*seed=*/1, /*nodes=*/3);
  const std::string vip = "172.18.8.201";
  cluster.SetManifests(Basics() + ServiceManifest("web", vip));
  cluster.host("n1").links().AddAddress("lo", Prefix(vip + "/32"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  for (const char* node : {"n2", "n3"}) {
    cluster.host(node).links().AddAddress("lo", Prefix(vip + "/32"));
    cluster.RunFor(kFactsTravel);
    EXPECT_THAT(cluster.AnnouncersOf(vip), SizeIs(1));
  }
  // The same holds for an address that all have given to another service.
  cluster.SetManifests(Basics() + ServiceManifest("web", vip) +
                       ServiceManifest("other"));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
}

// A routed host's own address: lbd delivers, so nothing is there by hand.
TEST_F(OwnedAddressesTest, AHostsOwnAddressOnLoIsGivenToNobody) {
  cluster_.host("n1").links().AddAddress("lo", Prefix("172.18.8.201/32"));
  Give("172.18.8.201-172.18.8.205",
       ServiceManifest("any") + ServiceManifest("asks", "172.18.8.201"));
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(20));
  EXPECT_EQ(cluster_.AddressOf("n1", "any"), "172.18.8.202");
  EXPECT_EQ(cluster_.AddressOf("n1", "asks"), "-");
  EXPECT_FALSE(IsDelivered("172.18.8.201"));
}

// After each change of large facts, the whole ledger was sent to several
// members.
TEST_F(OwnedAddressesTest, LargeFactsThatChangeAreToldAlone) {
  Give("172.18.8.201-172.18.8.205", ServiceManifest("web"));
  for (int i = 0; i < 200; ++i) {
    cluster_.host("n1").links().AddAddress(
        "eth0", Prefix("10.9.0." + std::to_string(i) + "/32"));
  }
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  cluster_.RunFor(absl::Seconds(5));
  const auto& counters = cluster_.agent("n1").View().gossip().counters();
  const uint64_t before = counters.exchanges.completed;
  for (int i = 0; i < 20; ++i) {
    cluster_.host("n1").links().AddAddress(
        "eth0", Prefix("10.9.1." + std::to_string(i) + "/32"));
    cluster_.RunFor(absl::Seconds(1));
  }
  // The exchanges of the three nodes, one in each push_pull_interval.
  EXPECT_LE(counters.exchanges.completed - before, 15U);
  EXPECT_THAT(cluster_.agent("n2").View().owners.owned(),
              Contains(Key(*net::ParseIpAddress("10.9.1.18"))));
}

// Facts that fit no datagram go by streams, and members ask for what they miss.
TEST_F(OwnedAddressesTest, ManyAddressesReachAllNodes) {
  Give("172.18.8.201-172.18.8.205", ServiceManifest("web"));
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  for (int i = 0; i < 200; ++i) {
    cluster_.host("n1").links().AddAddress(
        "eth0", Prefix("10.9.0." + std::to_string(i) + "/32"));
  }
  cluster_.host("n1").links().AddAddress("eth0", Prefix("172.18.8.201/24"));
  cluster_.RunFor(absl::Seconds(5));
  EXPECT_THAT(ProblemsOf("n2"), SizeIs(1));
  EXPECT_THAT(ProblemsOf("n3"), SizeIs(1));
}

}  // namespace
}  // namespace lb
