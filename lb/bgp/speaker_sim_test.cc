// A node and routers in a simulated network: sessions and routes.
#include <string>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/bgp/batch_wait.h"
#include "lb/bgp/testing/speaker_sim_fixture.h"

namespace lb::bgp {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr int kUpdate = 2;

class SpeakerSimTest : public testing::Test {
 protected:
  // One router with a session that is up, and these routes told.
  void Begin(SimRouterOptions options, const RouteSet& routes) {
    router_ = &sim_.AddRouter(std::move(options));
    sim_.StartNode();
    sim_.node().SetPeers({sim_.PeerOf(*router_)});
    ASSERT_THAT(sim_.node().SetRoutes("r1", routes), IsOk());
    ASSERT_TRUE(sim_.WaitEstablished(*router_));
    sim_.RunFor(absl::Milliseconds(50));
  }

  SpeakerSim sim_{/*seed=*/1};
  SimRouter* router_ = nullptr;
};

const RouteSet kOneOfEach = RoutesTo({"192.0.2.10/32", "2001:db8:1::/64"});

TEST_F(SpeakerSimTest, TellsBothFamiliesOnOneSession) {
  Begin({}, kOneOfEach);
  EXPECT_EQ(router_->RoutesText(),
            "192.0.2.10/32 next-hop 10.0.0.1\n"
            "2001:db8:1::/64 next-hop 2001:db8::1\n");
  EXPECT_THAT(router_->complete(),
              UnorderedElementsAre(net::IpFamily::kIpv4, net::IpFamily::kIpv6));
  EXPECT_THAT(sim_.Events(),
              ElementsAre("PeerUp r1: AS 65000, hold time 1m30s"));
  EXPECT_EQ(sim_.StatusOf(*router_).of_family[0].advertised, 1u);
}

TEST_F(SpeakerSimTest, ARouteIsToldAndWithdrawnAtOnce) {
  Begin({}, {});
  const absl::Time start = sim_.world().loop().Now();
  ASSERT_THAT(
      sim_.node().ChangeRoutes("r1", {.set = {RouteTo("192.0.2.10/32")}}),
      IsOk());
  ASSERT_TRUE(sim_.RunUntil([&] { return router_->routes().size() == 1; },
                            absl::Seconds(1)));
  ASSERT_THAT(sim_.node().ChangeRoutes(
                  "r1", {.erased = {*net::ParseIpPrefix("192.0.2.10/32")}}),
              IsOk());
  ASSERT_TRUE(sim_.RunUntil([&] { return router_->routes().empty(); },
                            absl::Seconds(1)));
  // Two ways through the network: nothing waits in between.
  EXPECT_THAT(sim_.world().loop().Now() - start, Le(absl::Milliseconds(5)));
}

TEST_F(SpeakerSimTest, RoutesOfOneTurnShareMessages) {
  RouteSet routes;
  for (uint32_t n = 0; n < 10'000; ++n) {
    ASSERT_THAT(routes.Set({{net::IpAddress::Ipv4(0x64400000 + n), 32}, {}}),
                IsOk());
  }
  Begin({}, {});
  const int before = router_->heard(kUpdate);
  ASSERT_THAT(sim_.node().SetRoutes("r1", routes), IsOk());
  sim_.RunFor(absl::Seconds(1));
  sim_.ExpectTold(*router_, routes);
  EXPECT_LE(router_->heard(kUpdate) - before, 13);
  ASSERT_THAT(sim_.node().SetRoutes("r1", {}), IsOk());
  sim_.RunFor(absl::Seconds(1));
  EXPECT_THAT(router_->routes(), IsEmpty());
  EXPECT_LE(router_->heard(kUpdate) - before, 26);
}

TEST_F(SpeakerSimTest, RoutesOfABatchShareMessages) {
  Begin({}, {});
  const int before = router_->heard(kUpdate);
  RouteSet routes;
  for (uint32_t n = 0; n < 10'000;) {
    RoutesChange change;
    for (const uint32_t end = n + 1000; n < end; ++n) {
      change.set.push_back({{net::IpAddress::Ipv4(0x64400000 + n), 32}, {}});
      ASSERT_THAT(routes.Set(change.set.back()), IsOk());
    }
    ASSERT_THAT(sim_.node().ChangeRoutes("r1", change), IsOk());
    sim_.node().BeginBatch();
    sim_.RunFor(absl::Milliseconds(90));
  }
  EXPECT_EQ(router_->heard(kUpdate) - before, 12);
  EXPECT_TRUE(sim_.node().EndBatch());
  EXPECT_FALSE(sim_.node().EndBatch());
  sim_.RunFor(absl::Milliseconds(20));
  EXPECT_EQ(router_->heard(kUpdate) - before, 13);
  sim_.ExpectTold(*router_, routes);
}

TEST_F(SpeakerSimTest, ABatchWithoutAnEndKeepsNothingBack) {
  router_ = &sim_.AddRouter({});
  sim_.StartNode();
  sim_.node().BeginBatch();
  sim_.node().SetPeers({sim_.PeerOf(*router_)});
  ASSERT_THAT(sim_.node().SetRoutes("r1", kOneOfEach), IsOk());
  ASSERT_TRUE(sim_.WaitEstablished(*router_));
  sim_.RunFor(absl::Milliseconds(50));
  EXPECT_THAT(router_->complete(), testing::SizeIs(2)) << "the first table";
  ASSERT_THAT(sim_.node().SetRoutes("r1", {}), IsOk());
  sim_.RunFor(absl::Milliseconds(20));
  EXPECT_THAT(router_->routes(), testing::SizeIs(2)) << "it waits";
  sim_.RunFor(BatchWait::kWait);
  EXPECT_THAT(router_->routes(), IsEmpty());
}

TEST_F(SpeakerSimTest, AFlushSendsInTheSameTurn) {
  Begin({}, {});
  ASSERT_THAT(
      sim_.node().ChangeRoutes("r1", {.set = {RouteTo("192.0.2.10/32")}}),
      IsOk());
  EXPECT_EQ(sim_.StatusOf(*router_).of_family[0].advertised, 0u);
  sim_.node().Flush();
  EXPECT_EQ(sim_.StatusOf(*router_).of_family[0].advertised, 1u);
}

TEST_F(SpeakerSimTest, InternalPeersGetLocalPreference) {
  Begin({.asn = 64512}, RoutesTo({"192.0.2.10/32"}));
  EXPECT_EQ(router_->RoutesText(),
            "192.0.2.10/32 next-hop 10.0.0.1 local-preference 100\n");
}

TEST_F(SpeakerSimTest, LargeAsNumbersReachOldRouters) {
  Begin({.peer_asn = 4200000000, .capabilities = false},
        RoutesTo({"192.0.2.10/32"}));
  EXPECT_EQ(router_->RoutesText(), "192.0.2.10/32 next-hop 10.0.0.1\n");
}

TEST_F(SpeakerSimTest, ARouterThatRefusesCapabilitiesGetsIpv4) {
  Begin({.capabilities = false, .refuses_capabilities = true}, kOneOfEach);
  EXPECT_EQ(router_->RoutesText(), "192.0.2.10/32 next-hop 10.0.0.1\n");
  const FamilyStatus six = sim_.StatusOf(*router_).of_family[1];
  EXPECT_EQ(six.held_back, 1u);
  EXPECT_EQ(six.reason, HoldBack::kFamilyNotOffered);
}

TEST_F(SpeakerSimTest, Ipv4GoesByIpv6IfBothOfferIt) {
  for (const bool offers : {true, false}) {
    SpeakerSim sim(/*seed=*/2);
    SimRouter& router = sim.AddRouter({.ipv4_by_ipv6_next_hop = offers});
    sim.StartNode();
    PeerOptions peer = sim.PeerOf(router);
    peer.address = *net::ParseIpAddress("2001:db8::c9");
    sim.node().SetPeers({peer});
    ASSERT_THAT(sim.node().SetRoutes("r1", kOneOfEach), IsOk());
    ASSERT_TRUE(sim.WaitEstablished(router));
    sim.RunFor(absl::Milliseconds(50));
    EXPECT_EQ(router.RoutesText(),
              std::string("192.0.2.10/32 next-hop ") +
                  (offers ? "2001:db8::1" : "10.0.0.1") +
                  "\n"
                  "2001:db8:1::/64 next-hop 2001:db8::1\n");
  }
}

TEST_F(SpeakerSimTest, ARouterThatComesBackIsFoundSoon) {
  Begin({}, kOneOfEach);
  sim_.RunFor(absl::Minutes(1));
  router_->Reset();
  ASSERT_TRUE(sim_.WaitEstablished(*router_, absl::Milliseconds(1100)));
  sim_.RunFor(absl::Milliseconds(50));
  sim_.ExpectTold(*router_, kOneOfEach);
  // After an hour it is dialled each 5 s at least.
  io::SimHost* const host = sim_.HostOf(*router_);
  sim_.world().Partition({host}, {sim_.host()});
  sim_.RunFor(absl::Hours(1));
  sim_.world().Heal();
  EXPECT_TRUE(sim_.WaitEstablished(*router_, absl::Seconds(7)));
}

TEST_F(SpeakerSimTest, AStoppedRouterIsGivenUpAfterTheHoldTime) {
  Begin({.hold_seconds = 9}, kOneOfEach);
  sim_.RunFor(absl::Seconds(20));
  sim_.HostOf(*router_)->Pause();
  const absl::Time start = sim_.world().loop().Now();
  ASSERT_TRUE(sim_.RunUntil(
      [&] {
        return sim_.StatusOf(*router_).state != SessionState::kEstablished;
      },
      absl::Seconds(10)));
  EXPECT_THAT(sim_.world().loop().Now() - start, Ge(absl::Seconds(6)));
  EXPECT_THAT(sim_.Events(),
              Contains(AllOf(StartsWith("PeerDown r1"), HasSubstr("hold"))));
  sim_.HostOf(*router_)->Resume();
  EXPECT_TRUE(sim_.WaitEstablished(*router_, absl::Seconds(10)));
}

TEST_F(SpeakerSimTest, AStoppedNodeGoesOnWithoutALoss) {
  Begin({.hold_seconds = 30}, kOneOfEach);
  sim_.RunFor(absl::Seconds(15));
  // With the KEEPALIVE before it not quite the hold time.
  sim_.host()->Pause();
  sim_.RunFor(absl::Seconds(19));
  sim_.host()->Resume();
  sim_.RunFor(absl::Seconds(60));
  EXPECT_EQ(sim_.StatusOf(*router_).counters.times_established, 1u);
  EXPECT_THAT(router_->ends(), IsEmpty());
}

TEST_F(SpeakerSimTest, ARouterThatDoesNotReadIsGivenUp) {
  router_ = &sim_.AddRouter({.hold_seconds = 20});
  sim_.StartNode();
  sim_.node().SetPeers({sim_.PeerOf(*router_)});
  ASSERT_TRUE(sim_.WaitEstablished(*router_));
  RouteSet routes;
  for (uint32_t n = 0; n < 90'000; ++n) {
    ASSERT_THAT(routes.Set({{net::IpAddress::Ipv4(0x64400000 + n), 32}, {}}),
                IsOk());
  }
  sim_.HostOf(*router_)->Pause();  // Its kernel takes 256 KiB.
  ASSERT_THAT(sim_.node().SetRoutes("r1", routes), IsOk());
  sim_.RunFor(absl::Seconds(1));
  EXPECT_GT(sim_.StatusOf(*router_).of_family[0].pending, 10'000u);
  ASSERT_TRUE(sim_.RunUntil(
      [&] {
        return sim_.StatusOf(*router_).state != SessionState::kEstablished;
      },
      absl::Seconds(41)));
}

TEST_F(SpeakerSimTest, ASlowReaderGetsAllInTheEnd) {
  Begin({}, {});
  RouteSet routes;
  for (uint32_t n = 0; n < 90'000; ++n) {
    ASSERT_THAT(routes.Set({{net::IpAddress::Ipv4(0x64400000 + n), 32}, {}}),
                IsOk());
  }
  sim_.HostOf(*router_)->Pause();
  ASSERT_THAT(sim_.node().SetRoutes("r1", routes), IsOk());
  sim_.RunFor(absl::Seconds(10));
  EXPECT_GT(sim_.StatusOf(*router_).of_family[0].pending, 10'000u);
  ASSERT_THAT(sim_.node().SetRoutes("r1", kOneOfEach), IsOk());
  sim_.HostOf(*router_)->Resume();
  sim_.RunFor(absl::Seconds(5));
  sim_.ExpectTold(*router_, kOneOfEach);
  EXPECT_THAT(router_->ends(), IsEmpty());
}

TEST_F(SpeakerSimTest, ARouterThatFallsSilentHearsWhyItEnds) {
  router_ = &sim_.AddRouter({.hold_seconds = 9, .sends_keepalives = false});
  sim_.StartNode();
  sim_.node().SetPeers({sim_.PeerOf(*router_)});
  sim_.RunFor(absl::Seconds(15));
  EXPECT_THAT(router_->ends(), ElementsAre("4/0"));
  EXPECT_EQ(sim_.StatusOf(*router_).counters.times_established, 0u);
}

TEST_F(SpeakerSimTest, AWrongPasswordIsSilenceAndTheRightOneEndsIt) {
  router_ = &sim_.AddRouter({.md5_key = "right"});
  sim_.StartNode();
  PeerOptions peer = sim_.PeerOf(*router_);
  peer.password = "wrong";
  sim_.node().SetPeers({peer});
  sim_.RunFor(absl::Seconds(30));
  EXPECT_EQ(router_->connected(), 0);
  EXPECT_THAT(sim_.StatusOf(*router_).last_error->text, HasSubstr("no answer"));
  peer.password = "right";
  EXPECT_THAT(sim_.node().SetPeers({peer}).rekeyed, ElementsAre("r1"));
  EXPECT_TRUE(sim_.WaitEstablished(*router_, absl::Milliseconds(100)));
}

TEST_F(SpeakerSimTest, APasswordChangesWithoutAReset) {
  Begin({.hold_seconds = 30, .md5_key = "old"}, kOneOfEach);
  PeerOptions peer = sim_.PeerOf(*router_);
  peer.password = "new";
  EXPECT_THAT(sim_.node().SetPeers({peer}).rekeyed, ElementsAre("r1"));
  sim_.RunFor(absl::Seconds(10));
  router_->SetMd5Key("new");
  sim_.RunFor(absl::Minutes(2));
  EXPECT_EQ(sim_.StatusOf(*router_).counters.times_established, 1u);
  EXPECT_THAT(router_->ends(), IsEmpty());
  router_->Reset();  // The new one holds for the next connection.
  EXPECT_TRUE(sim_.WaitEstablished(*router_));
}

TEST_F(SpeakerSimTest, ARefreshTellsAllAgain) {
  Begin({}, kOneOfEach);
  const int before = router_->heard(kUpdate);
  router_->AskRefresh(net::IpFamily::kIpv4);
  sim_.RunFor(absl::Milliseconds(50));
  EXPECT_EQ(router_->heard(kUpdate), before + 1);
  EXPECT_EQ(router_->heard(5), 2);
  sim_.ExpectTold(*router_, kOneOfEach);
}

TEST_F(SpeakerSimTest, AnotherAddressOfTheNodeIsDialledFrom) {
  Begin({}, RoutesTo({"192.0.2.10/32"}));
  sim_.host()->Renumber(*net::ParseIpPrefix("10.0.0.77/24"));
  sim_.RunFor(absl::Seconds(20));
  ASSERT_TRUE(sim_.WaitEstablished(*router_));
  sim_.RunFor(absl::Milliseconds(50));
  EXPECT_EQ(router_->RoutesText(), "192.0.2.10/32 next-hop 10.0.0.77\n");
}

// Found by chaos (tests/sim/chaos/bgp): the router was stopped while its kernel
// accepted, and the node got another address before the OPEN was answered.
TEST_F(SpeakerSimTest, AnAddressThatChangesBeforeTheSessionIsUpIsTheNextHop) {
  router_ = &sim_.AddRouter();
  sim_.HostOf(*router_)->Pause();
  sim_.StartNode();
  PeerOptions peer = sim_.PeerOf(*router_);
  peer.address = *net::ParseIpAddress("2001:db8::c9");
  sim_.node().SetPeers({peer});
  ASSERT_THAT(sim_.node().SetRoutes("r1", RoutesTo({"192.0.2.10/32"})), IsOk());
  sim_.RunFor(absl::Milliseconds(100));
  sim_.host()->Renumber(*net::ParseIpPrefix("10.0.0.77/24"));
  sim_.RunFor(absl::Milliseconds(100));
  sim_.HostOf(*router_)->Resume();
  ASSERT_TRUE(sim_.WaitEstablished(*router_));
  sim_.RunFor(absl::Milliseconds(50));
  EXPECT_EQ(router_->RoutesText(), "192.0.2.10/32 next-hop 10.0.0.77\n");
}

TEST_F(SpeakerSimTest, ADeafRouterIsNotHammered) {
  router_ = &sim_.AddRouter({.asn = 65001, .deaf = absl::Seconds(60)});
  sim_.StartNode();
  PeerOptions peer = sim_.PeerOf(*router_);
  peer.own_asn = {64513};  // The router wants another one.
  sim_.node().SetPeers({peer});
  sim_.RunFor(absl::Minutes(10));
  EXPECT_THAT(router_->dials(), Le(100));
  EXPECT_THAT(sim_.StatusOf(*router_).state,
              testing::Ne(SessionState::kEstablished));
}

TEST_F(SpeakerSimTest, BothMayDial) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SpeakerSim sim(seed);
    SimRouter& router = sim.AddRouter(
        {.identifier = seed % 2 == 0 ? 0x0a0000feU : 0x01010101U});
    sim.StartNode();
    PeerOptions peer = sim.PeerOf(router);
    peer.opening = Opening::kDialAndListen;
    sim.node().SetPeers({peer});
    ASSERT_THAT(sim.node().SetRoutes("r1", kOneOfEach), IsOk());
    Prng prng(seed);
    sim.RunFor(prng.UniformDuration(absl::Milliseconds(2)));
    router.Dial({sim.host()->address(), 179});
    ASSERT_TRUE(sim.WaitEstablished(router)) << "seed " << seed;
    sim.RunFor(absl::Seconds(1));
    EXPECT_EQ(router.connected(), 1) << "seed " << seed;
    sim.ExpectTold(router, kOneOfEach);
  }
}

TEST_F(SpeakerSimTest, APassivePeerIsWaitedFor) {
  router_ = &sim_.AddRouter();
  sim_.StartNode();
  PeerOptions peer = sim_.PeerOf(*router_);
  peer.opening = Opening::kListen;
  sim_.node().SetPeers({peer});
  sim_.RunFor(absl::Minutes(1));
  EXPECT_EQ(router_->dials(), 0);
  EXPECT_EQ(sim_.StatusOf(*router_).state, SessionState::kActive);
  router_->Dial({sim_.host()->address(), 179});
  EXPECT_TRUE(sim_.WaitEstablished(*router_));
  // A stranger is turned away.
  SimRouter& stranger = sim_.AddRouter();
  stranger.Dial({sim_.host()->address(), 179});
  sim_.RunFor(absl::Seconds(1));
  EXPECT_EQ(stranger.connected(), 0);
}

TEST_F(SpeakerSimTest, WithoutPeersNothingIsOpened) {
  sim_.StartNode();
  sim_.RunFor(absl::Seconds(1));
  const uint64_t events = sim_.world().loop().events_run();
  sim_.RunFor(absl::Hours(1));
  EXPECT_EQ(sim_.world().loop().events_run(), events);
}

}  // namespace
}  // namespace lb::bgp
