// The ways in which sessions end, as a router sees them.
#include <string>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/bgp/drain.h"
#include "lb/bgp/testing/speaker_sim_fixture.h"

namespace lb::bgp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const RouteSet kRoutes = RoutesTo({"192.0.2.10/32", "2001:db8:1::/64"});

class SpeakerEndsTest : public testing::Test {
 protected:
  void Begin(SimRouterOptions options = {}) {
    router_ = &sim_.AddRouter(std::move(options));
    Start({});
  }
  void Start(const SpeakerNodeOptions& options) {
    sim_.StartNode(options);
    sim_.node().SetPeers({Peer()});
    ASSERT_THAT(sim_.node().SetRoutes("r1", kRoutes), IsOk());
    ASSERT_TRUE(sim_.WaitEstablished(*router_));
    sim_.RunFor(absl::Milliseconds(50));
  }
  PeerOptions Peer() {
    PeerOptions peer = sim_.PeerOf(*router_);
    if (router_->options().restart_seconds > 0) {
      peer.restart_time = absl::Seconds(30);
    }
    return peer;
  }

  SpeakerSim sim_{/*seed=*/1};
  SimRouter* router_ = nullptr;
};

TEST_F(SpeakerEndsTest, StopWithdrawsAndSaysWhy) {
  Begin({.restart_seconds = 60});
  sim_.node().Stop("maintenance");
  sim_.RunFor(absl::Seconds(1));
  EXPECT_THAT(router_->ends(), ElementsAre("6/2 maintenance"));
  EXPECT_THAT(router_->routes(), IsEmpty());
  sim_.RunFor(absl::Minutes(2));
  EXPECT_EQ(router_->dials(), 1);
}

TEST_F(SpeakerEndsTest, APeerThatIsRemovedHearsIt) {
  Begin();
  EXPECT_THAT(sim_.node().SetPeers({}).removed, ElementsAre("r1"));
  sim_.RunFor(absl::Seconds(1));
  EXPECT_THAT(router_->ends(), ElementsAre("6/3"));
  EXPECT_THAT(router_->routes(), IsEmpty());
}

TEST_F(SpeakerEndsTest, OtherOptionsAreAReset) {
  Begin();
  PeerOptions peer = Peer();
  peer.hold_time = absl::Seconds(30);
  EXPECT_THAT(sim_.node().SetPeers({peer}).reset, ElementsAre("r1"));
  ASSERT_TRUE(sim_.RunUntil([&] { return !router_->ends().empty(); },
                            absl::Seconds(1)));
  EXPECT_THAT(router_->ends(), ElementsAre("6/6"));
  ASSERT_TRUE(sim_.WaitEstablished(*router_));
  sim_.RunFor(absl::Milliseconds(50));
  sim_.ExpectTold(*router_, kRoutes);
  EXPECT_EQ(sim_.StatusOf(*router_).hold_time, absl::Seconds(30));
}

TEST_F(SpeakerEndsTest, ABfdFailureAndAnOperatorsResetDialAgain) {
  Begin();
  ASSERT_THAT(sim_.node().PeerFailed("r1"), IsOk());
  sim_.RunFor(absl::Seconds(1));
  ASSERT_TRUE(sim_.WaitEstablished(*router_));
  ASSERT_THAT(sim_.node().ResetPeer("r1", "by hand"), IsOk());
  sim_.RunFor(absl::Seconds(1));
  ASSERT_TRUE(sim_.WaitEstablished(*router_));
  EXPECT_THAT(router_->ends(), ElementsAre("6/10", "6/4 by hand"));
  sim_.ExpectTold(*router_, kRoutes);
}

TEST_F(SpeakerEndsTest, ADrainKeepsTheSession) {
  Begin();
  ASSERT_THAT(sim_.node().SetRoutes("r1", Draining(kRoutes)), IsOk());
  sim_.RunFor(absl::Milliseconds(50));
  EXPECT_EQ(router_->RoutesText(),
            "192.0.2.10/32 next-hop 10.0.0.1 communities 65535:0\n"
            "2001:db8:1::/64 next-hop 2001:db8::1 communities "
            "65535:0\n");
  ASSERT_THAT(sim_.node().SetRoutes("r1", {}), IsOk());
  sim_.RunFor(absl::Milliseconds(50));
  EXPECT_THAT(router_->routes(), IsEmpty());
  EXPECT_THAT(router_->ends(), IsEmpty());
}

TEST_F(SpeakerEndsTest, ARestartLosesNoRoute) {
  Begin({.restart_seconds = 60});
  bool missed = false;
  sim_.node().Leave();
  sim_.RunFor(absl::Seconds(1));
  EXPECT_THAT(router_->ends(), ElementsAre("closed"));
  sim_.ExpectTold(*router_, kRoutes);  // Stale.
  sim_.KillNode();
  sim_.RunFor(absl::Seconds(2));
  const absl::Time now = sim_.world().loop().Now();
  sim_.StartNode({.speaker = {.restart = {.claim = {.restarted = true,
                                                    .forwarding_kept = true},
                                          .until = now + absl::Seconds(30)}}});
  sim_.node().SetPeers({Peer()});
  // One of the two routes is gone since.
  const RouteSet fewer = RoutesTo({"192.0.2.10/32"});
  ASSERT_THAT(sim_.node().SetRoutes("r1", fewer), IsOk());
  ASSERT_TRUE(sim_.RunUntil(
      [&] {
        missed |= router_->routes().empty();
        return router_->complete().size() == 2;
      },
      absl::Seconds(5)));
  EXPECT_FALSE(missed);
  const HeardBytes restart = router_->open().capabilities.find(64)->second;
  EXPECT_EQ(restart[0] & 0xf0, 0x80);  // R, and never N.
  sim_.ExpectTold(*router_, fewer);    // The End-of-RIB ended the other one.
}

TEST_F(SpeakerEndsTest, ARestartThatDoesNotComeEndsTheRoutes) {
  Begin({.restart_seconds = 60});
  sim_.node().Leave();
  sim_.RunFor(absl::Seconds(29));
  sim_.ExpectTold(*router_, kRoutes);
  sim_.RunFor(absl::Seconds(2));
  EXPECT_THAT(router_->routes(), IsEmpty());
}

TEST_F(SpeakerEndsTest, AKilledNodeLosesItsRoutesAtOnceWithoutRestart) {
  Begin();
  sim_.KillNode();
  sim_.RunFor(absl::Milliseconds(50));
  EXPECT_THAT(router_->ends(), ElementsAre("closed"));
  EXPECT_THAT(router_->routes(), IsEmpty());
}

TEST_F(SpeakerEndsTest, TheRoutersWordsAreKept) {
  Begin();
  sim_.RunFor(absl::Minutes(1));
  router_->Notify(6, 1);
  ASSERT_TRUE(sim_.RunUntil(
      [&] {
        return sim_.StatusOf(*router_).state != SessionState::kEstablished;
      },
      absl::Seconds(1)));
  const SessionError error = *sim_.StatusOf(*router_).last_error;
  EXPECT_EQ(error.origin, SessionError::Origin::kPeer);
  EXPECT_EQ(error.notification->subcode, 1);
  EXPECT_TRUE(sim_.WaitEstablished(*router_, absl::Seconds(1)));
}

}  // namespace
}  // namespace lb::bgp
