#include "lb/gossip/member_changes.h"

#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class MemberChangesTest : public PartTest {
 protected:
  void Settle() { changes_.Settle(now_); }
  void Fail(const std::string& name) {
    state_->roster.OnDead(now_,
                          {.incarnation = 1, .node = name, .from = "self"});
  }

  FailureDetector detector_{*state_, now_};
  ExchangeSchedule schedule_{*state_, root_, now_};
  Verifier verifier_{*state_, root_};
  StreamOnlyWatch stream_only_{*state_};
  ContactChecks contacts_{*state_};
  MemberChanges changes_{
      *state_, detector_, verifier_, schedule_, {stream_only_, contacts_}};
};

TEST_F(MemberChangesTest, ANewcomerIsPingedAndTold) {
  Hear("b");
  Settle();
  EXPECT_THAT(Sent(), ElementsAre("b: ping b, alive self"));
  ASSERT_THAT(state_->events, SizeIs(1));
  EXPECT_EQ(std::get<MemberEvent>(state_->events[0]).change,
            MemberChange::kJoined);
  EXPECT_EQ(verifier_.size(), 1u);
  state_->roster.OnVerified(Record("b"));
  Settle();
  EXPECT_EQ(verifier_.size(), 0u);
}

TEST_F(MemberChangesTest, AVerifiedMemberThatFailedIsTriedAgain) {
  Know("b");
  state_->places.Learn(At(2), At(9));
  Settle();
  Fail("b");
  Settle();
  EXPECT_FALSE(state_->places.Matches(At(2), At(9)));
  now_ += state_->options.reconnect.interval_max;
  schedule_.RunRejoin(now_);
  EXPECT_THAT(Opened(), ElementsAre("b"));
}

TEST_F(MemberChangesTest, AnUnverifiedMemberThatFailedIsNot) {
  Hear("b");
  Settle();
  Fail("b");
  Settle();
  EXPECT_EQ(verifier_.size(), 0u);
  now_ += state_->options.reconnect.interval_max;
  schedule_.RunRejoin(now_);
  EXPECT_THAT(Opened(), IsEmpty());
}

TEST_F(MemberChangesTest, TheGoodbyeIsOverOnceItHasBeenTold) {
  Know("b");
  Settle();
  Flush();
  state_->roster.Leave(now_);
  changes_.OnLeave();
  Settle();
  EXPECT_THAT(state_->events, IsEmpty());
  while (!state_->roster.broadcasts().empty()) Flush();
  Settle();
  ASSERT_THAT(state_->events, SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<LeaveCompleteEvent>(state_->events[0]));
}

}  // namespace
}  // namespace lb::gossip
