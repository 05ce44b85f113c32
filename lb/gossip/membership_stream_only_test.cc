// Members that TCP reaches and UDP does not.
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/testing/membership_fixture.h"

namespace lb::gossip {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class StreamOnlyTest : public MembershipTest {
 protected:
  // Lets time pass in which only TCP pings are acked.
  void RunOnStreams(absl::Duration duration) {
    const absl::Time end = now_ + duration;
    while (now_ < end) {
      RunFor(absl::Milliseconds(50));
      for (const StreamRequest& request : std::exchange(requests_, {})) {
        const auto opening = core_->OpeningMessage(request.id);
        const auto* ping = std::get_if<wire::Ping>(&opening);
        ASSERT_NE(ping, nullptr);
        core_->OnReply(now_, request.id, wire::Ack{ping->sequence, {}});
        Collect();
      }
    }
  }
};

TEST_F(StreamOnlyTest, ThreeProbesThatOnlyTcpAnswersListTheMember) {
  KnowMembers({"b"});
  RunOnStreams(absl::Milliseconds(1900));
  EXPECT_THAT(core_->ListStreamOnly(now_), IsEmpty());
  RunOnStreams(absl::Seconds(3));
  EXPECT_EQ(StateOf("b"), wire::NodeState::kAlive);
  ASSERT_THAT(core_->ListStreamOnly(now_), SizeIs(1));
  EXPECT_EQ(core_->ListStreamOnly(now_)[0].member, "b");
  ASSERT_THAT(EventsOf<StreamOnlyEvent>(), SizeIs(1));
  EXPECT_EQ(EventsOf<StreamOnlyEvent>()[0].member.endpoint, At(2));
  // It lasts while it is so, and an ack in time ends it.
  RunOnStreams(absl::Minutes(10));
  EXPECT_THAT(core_->ListStreamOnly(now_), SizeIs(1));
  EXPECT_THAT(EventsOf<StreamOnlyEvent>(), SizeIs(1));
  RunFor(absl::Seconds(2), {"b"});
  EXPECT_THAT(core_->ListStreamOnly(now_), IsEmpty());
}

// Its acks come after the TCP ping's, but they come.
TEST_F(StreamOnlyTest, AMemberThatIsSlowIsNotListed) {
  KnowMembers({"b"});
  for (int i = 0; i < 10; ++i) {
    Forget();
    RunOnStreams(absl::Seconds(1));
    for (const wire::Ping& ping : SentOf<wire::Ping>("b")) {
      Hear("b", wire::Ack{ping.sequence, {}});
    }
  }
  EXPECT_THAT(core_->ListStreamOnly(now_), IsEmpty());
}

TEST_F(StreamOnlyTest, OneThatAnswersNothingIsNotListed) {
  KnowMembers({"b"});
  RunOnStreams(absl::Seconds(5));
  ASSERT_THAT(core_->ListStreamOnly(now_), SizeIs(1));
  for (int i = 0; i < 100; ++i) {
    RunFor(absl::Milliseconds(100));
    for (const StreamRequest& request : std::exchange(requests_, {})) {
      core_->OnRequestFailed(now_, request.id);
      Collect();
    }
  }
  EXPECT_THAT(core_->ListStreamOnly(now_), IsEmpty());
}

// Without TCP pings full exchanges show it.
TEST_F(StreamOnlyTest, AnExchangeWithOneThatAcksNothingIsAStrike) {
  GossipOptions options = FastProfile();
  options.streams.push_pull_interval = absl::ZeroDuration();
  Restart(options);
  ASSERT_THAT(core_->Join(now_, {At(2)}), IsOk());
  Collect();
  for (int i = 0; i < 100; ++i) {
    for (const StreamRequest& request : std::exchange(requests_, {})) {
      core_->OnReply(now_, request.id, wire::PushPull{.nodes = {Entry("b")}});
      Collect();
    }
    RunFor(absl::Milliseconds(100));
  }
  EXPECT_THAT(core_->ListStreamOnly(now_), SizeIs(1));
  EXPECT_THAT(EventsOf<StreamOnlyEvent>(), SizeIs(1));
}

}  // namespace
}  // namespace lb::gossip
