#include "lb/gossip/stream_only_watch.h"

#include <string>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class StreamOnlyWatchTest : public PartTest {
 protected:
  static OwnRequest PingOf(const std::string& name) {
    return {
        .kind = OwnRequest::Kind::kPing, .to = AddressOf(name), .node = name};
  }
  static OwnRequest ExchangeWith(const std::string& name) {
    return {.kind = OwnRequest::Kind::kPushPull, .to = AddressOf(name)};
  }
  void Answer(const OwnRequest& request, int times) {
    for (int i = 0; i < times; ++i) {
      now_ += state_->options.probe.interval;
      watch_.OnStreamAnswer(now_, request);
    }
  }

  StreamOnlyWatch watch_{*state_};
};

TEST_F(StreamOnlyWatchTest, FindsAMemberThatAcksOverTcpAlone) {
  Know("b");
  Answer(PingOf("b"), 2);
  EXPECT_THAT(watch_.List(now_), IsEmpty());
  Answer(PingOf("b"), 2);
  EXPECT_THAT(watch_.List(now_), SizeIs(1));
  ASSERT_THAT(state_->events, SizeIs(1));
  EXPECT_EQ(std::get<StreamOnlyEvent>(state_->events[0]).member.name, "b");
}

TEST_F(StreamOnlyWatchTest, AnAckedPingBeginsAgain) {
  Know("b");
  Answer(PingOf("b"), 2);
  watch_.OnPingAnswer("b");
  Answer(PingOf("b"), 2);
  EXPECT_THAT(watch_.List(now_), IsEmpty());
}

TEST_F(StreamOnlyWatchTest, AnExchangeIsASignForUnverifiedMembersOnly) {
  Know("b");
  Hear("c");
  Answer(ExchangeWith("b"), 3);
  EXPECT_THAT(watch_.List(now_), IsEmpty());
  Answer(ExchangeWith("c"), 3);
  ASSERT_THAT(watch_.List(now_), SizeIs(1));
  EXPECT_EQ(watch_.List(now_)[0].member, "c");
}

TEST_F(StreamOnlyWatchTest, ForgetsAMemberThatIsTriedNoLonger) {
  Hear("c");
  Answer(ExchangeWith("c"), 3);
  EXPECT_THAT(watch_.List(now_), SizeIs(1));
  EXPECT_THAT(watch_.List(now_ + 2 * state_->options.reconnect.interval_max),
              IsEmpty());
}

}  // namespace
}  // namespace lb::gossip
