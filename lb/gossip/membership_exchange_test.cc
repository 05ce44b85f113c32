// Full exchanges, joining, leaving; see membership_test.cc.
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/testing/membership_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::Bytes;
using wire::NodeState;

TEST_F(MembershipTest, AnswersAnExchangeWithWhatItKnewBefore) {
  core_->SetUserState(Bytes{'m', 'e'});
  const auto reply = core_->OnStreamRequest(
      now_, At(2),
      wire::PushPull{
          .join = true, .nodes = {Entry("b")}, .user_state = Bytes{'b'}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(std::get<wire::PushPull>(*reply),
            (wire::PushPull{.join = true,
                            .nodes = {Entry("self")},
                            .user_state = Bytes{'m', 'e'}}));
  Collect();
  // First the members, then the state, then the end.
  ASSERT_THAT(events_, SizeIs(3));
  EXPECT_EQ(std::get<MemberEvent>(events_[0]).member.name, "b");
  EXPECT_EQ(std::get<UserStateEvent>(events_[1]).payload, Bytes{'b'});
  EXPECT_TRUE(std::get<ExchangeEvent>(events_[2]).join);
  EXPECT_FALSE(std::get<ExchangeEvent>(events_[2]).initiated_by_us);
}

TEST_F(MembershipTest, AnswersAPingOverTcpForItselfOnly) {
  const auto ack = core_->OnStreamRequest(
      now_, At(2), wire::Ping{.sequence = 5, .node = "self"});
  ASSERT_TRUE(ack);
  EXPECT_EQ(std::get<wire::Ack>(*ack), (wire::Ack{5, std::nullopt}));
  EXPECT_EQ(core_->OnStreamRequest(now_, At(2),
                                   wire::Ping{.sequence = 5, .node = "x"}),
            std::nullopt);
}

TEST_F(MembershipTest, NeverAnswersAnAnswer) {
  EXPECT_EQ(core_->OnStreamRequest(now_, At(2), wire::Ack{5, {}}),
            std::nullopt);
  EXPECT_EQ(core_->OnStreamRequest(now_, At(2), wire::Error{"x"}),
            std::nullopt);
  EXPECT_EQ(core_->counters().refused.undecodable, 2u);
}

TEST_F(MembershipTest, JoinExchangesWithEachSeed) {
  EXPECT_THAT(core_->Join(now_, {At(2), At(3), At(1)}), IsOk());
  Collect();
  ASSERT_THAT(requests_, SizeIs(2));  // Not with itself.
  EXPECT_EQ(requests_[0].to, At(2));
  EXPECT_EQ(requests_[0].deadline, now_ + options_.streams.tcp_timeout);
  EXPECT_TRUE(
      std::get<wire::PushPull>(core_->OpeningMessage(requests_[0].id)).join);
  core_->OnReply(now_, requests_[0].id,
                 wire::PushPull{.join = true, .nodes = {Entry("b")}});
  Collect();
  const auto exchanges = EventsOf<ExchangeEvent>();
  ASSERT_THAT(exchanges, SizeIs(1));
  EXPECT_EQ(exchanges[0].peer, At(2));
  EXPECT_TRUE(exchanges[0].initiated_by_us);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
}

TEST_F(MembershipTest, SeedsAreTriedUntilTheyAreMembers) {
  ASSERT_THAT(core_->Join(now_, {At(2)}), IsOk());
  Collect();
  const absl::Time start = now_;
  size_t failed = 0;
  while (now_ < start + absl::Seconds(300)) {
    for (; failed < requests_.size(); ++failed) {
      core_->OnRequestFailed(now_, requests_[failed].id);
    }
    RunFor(absl::Milliseconds(100));
  }
  // 1, 2, 4, ... 60 seconds; each may be as short as a half of that.
  EXPECT_GE(requests_.size(), 9u);
  EXPECT_LE(requests_.size(), 18u);
  EXPECT_EQ(core_->counters().exchanges.failed, failed);

  Hear("b", Alive("b"));
  requests_.clear();
  RunFor(absl::Seconds(20), {"b"});
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(MembershipTest, SeedThatWasAMemberAlreadyIsNotTriedAgain) {
  KnowMembers({"b"});
  ASSERT_THAT(core_->Join(now_, {At(2)}), IsOk());
  Collect();
  ASSERT_THAT(requests_, SizeIs(1));
  core_->OnReply(now_, requests_[0].id, wire::PushPull{.nodes = {Entry("b")}});
  RunFor(absl::Seconds(120), {"b"});
  EXPECT_THAT(requests_, SizeIs(1));
}

// Its exchange is through and its pings are lost: it is no member yet.
TEST_F(MembershipTest, SeedThatAnswersNoPingIsTriedAgain) {
  GossipOptions options = Quiet();
  options.probe.stream_pings = false;
  Restart(options);
  ASSERT_THAT(core_->Join(now_, {At(2)}), IsOk());
  Collect();
  core_->OnReply(now_, requests_[0].id, wire::PushPull{.nodes = {Entry("b")}});
  RunFor(absl::Seconds(20));
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_THAT(requests_, SizeIs(testing::Gt(1)));
}

TEST_F(MembershipTest, SeedsThatDoNotAnswerLeaveStreamsForOthers) {
  KnowMembers({"b"});
  std::vector<net::Endpoint> seeds;
  for (uint32_t i = 10; i < 40; ++i) seeds.push_back(At(i));
  ASSERT_THAT(core_->Join(now_, seeds), IsOk());
  Collect();
  const size_t half = options_.streams.requests_max / 2;
  EXPECT_THAT(requests_, SizeIs(half));
  RunFor(absl::Seconds(1), {"b"});
  EXPECT_THAT(requests_, SizeIs(half));
  core_->OnRequestFailed(now_, requests_[0].id);
  RunFor(absl::Milliseconds(10), {"b"});
  EXPECT_THAT(requests_, SizeIs(half + 1));
  EXPECT_EQ(core_->counters().detection.late_wakeups,
            0u);  // It was not its fault.
  for (size_t i = half; i < options_.streams.requests_max; ++i) {
    EXPECT_THAT(core_->SendUserMessage(now_, "b", Bytes{'u'}), IsOk());
  }
  EXPECT_THAT(core_->SendUserMessage(now_, "b", Bytes{'u'}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(core_->counters().overflow.streams, 1u);
}

TEST_F(MembershipTest, JoinCountsSeedsOverTheMaximum) {
  options_.reconnect.targets_max = 2;
  Restart(options_);
  EXPECT_THAT(core_->Join(now_, {At(2), At(3), At(4)}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(core_->counters().overflow.reconnect, 1u);
}

TEST_F(MembershipTest, FailedMemberIsAskedAgain) {
  KnowMembers({"b"});
  Hear("c", wire::Dead{1, "b", "c"});
  RunFor(absl::Seconds(1));
  ASSERT_THAT(requests_, SizeIs(1));
  EXPECT_EQ(requests_[0].to, AddressOf("b"));
}

TEST_F(MembershipTest, FailedMemberIsAskedAgainThoughAnotherOfItsAddressLeft) {
  KnowMembers({"b", "c"});
  Hear("c", wire::Dead{1, "b", "c"});
  wire::Alive invented = Alive("x");
  invented.address = AddressOf("b").address.ToBytes();
  Hear("c", invented);
  Hear("c", wire::Dead{1, "x", "x"});
  RunFor(absl::Seconds(1), {"c"});
  ASSERT_THAT(requests_, SizeIs(1));
  EXPECT_EQ(requests_[0].to, AddressOf("b"));
}

TEST_F(MembershipTest, MemberThatLeftIsNotAskedAgain) {
  KnowMembers({"b"});
  Hear("b", wire::Dead{1, "b", "b"});
  RunFor(absl::Seconds(120));
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(MembershipTest, PeerThatHeldUsForDeadHearsOtherwiseAtOnce) {
  ASSERT_THAT(core_->Join(now_, {At(2)}), IsOk());
  Collect();
  core_->OnReply(now_, requests_[0].id,
                 wire::PushPull{.nodes = {Entry("b"),
                                          Entry("self", 7, NodeState::kDead)}});
  Collect();
  // The first is part of the ping to a member that was not verified yet.
  EXPECT_THAT(SentOf<wire::Alive>("b"),
              ElementsAre(Alive("self", 8), Alive("self", 8)));
}

TEST_F(MembershipTest, ExchangesRegularlyWithALivingPeer) {
  Restart(LanProfile());
  KnowMembers({"b", "c"});
  size_t done = 0;
  for (int i = 0; i < 3000; ++i) {
    RunFor(absl::Milliseconds(100), {"b", "c"});
    for (; done < requests_.size(); ++done) {
      core_->OnReply(now_, requests_[done].id, wire::PushPull{});
    }
  }
  EXPECT_THAT(requests_, SizeIs(10));  // In 300 seconds.
}

TEST_F(MembershipTest, RefusedExchangeIsCountedAndNotReported) {
  ASSERT_THAT(core_->Join(now_, {At(2)}), IsOk());
  Collect();
  const wire::PushNodeState strange =
      Entry("b", 1, NodeState::kAlive, {3, 5, 3, 0, 0, 0});
  core_->OnReply(now_, requests_[0].id, wire::PushPull{.nodes = {strange}});
  Collect();
  EXPECT_THAT(EventsOf<ExchangeEvent>(), IsEmpty());
  EXPECT_EQ(core_->counters().refused.merges, 1u);
}

TEST_F(MembershipTest, ReliableUserMessageGoesOverAStream) {
  KnowMembers({"b"});
  EXPECT_THAT(core_->SendUserMessage(now_, "c", Bytes{'u'}),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(core_->SendUserMessage(now_, "b", Bytes{'u'}), IsOk());
  Collect();
  ASSERT_THAT(requests_, SizeIs(1));
  const uint64_t id = requests_[0].id;
  EXPECT_EQ(std::get<wire::User>(core_->OpeningMessage(id)).payload,
            Bytes{'u'});
  EXPECT_FALSE(core_->ExpectsReply(id));
  core_->OnSent(id);
  core_->OnRequestFailed(now_, id);  // Too late to matter.
}

TEST_F(MembershipTest, SpreadsItsStateToAsManyAsABroadcast) {
  std::vector<std::string> names;
  for (char name = 'b'; name <= 'm'; ++name) names.emplace_back(1, name);
  KnowMembers(names);
  core_->SpreadUserState(now_);
  Collect();
  // A quarter of the streams at a time, and each for a member of its own.
  EXPECT_THAT(requests_, SizeIs(options_.streams.requests_max / 4));
  for (size_t i = 0; i < requests_.size(); ++i) {
    if (i % 2 == 0) {
      core_->OnReply(now_, requests_[i].id, wire::PushPull{});
    } else {
      core_->OnRequestFailed(now_, requests_[i].id);
    }
    Collect();
  }
  std::set<net::Endpoint> asked;
  for (const StreamRequest& request : requests_) asked.insert(request.to);
  EXPECT_THAT(requests_, SizeIs(2 * options_.dissemination.retransmit_mult));
  EXPECT_THAT(asked, SizeIs(2 * options_.dissemination.retransmit_mult));
}

TEST_F(MembershipTest, SpreadsAtMostOnceASecond) {
  KnowMembers({"b"});
  core_->SpreadUserState(now_);
  Collect();
  ASSERT_THAT(requests_, SizeIs(1));
  core_->OnReply(now_, requests_[0].id, wire::PushPull{});
  core_->SpreadUserState(now_ + absl::Milliseconds(1));
  core_->SpreadUserState(now_ + absl::Milliseconds(2));
  RunFor(kBurstInterval - absl::Milliseconds(1), {"b"});
  EXPECT_THAT(requests_, SizeIs(1));
  RunFor(absl::Seconds(5), {"b"});
  EXPECT_THAT(requests_, SizeIs(2));
}

TEST_F(MembershipTest, SeedsThatDoNotAnswerLeaveStreamsToSpread) {
  KnowMembers({"b"});
  std::vector<net::Endpoint> seeds;
  for (uint32_t i = 10; i < 40; ++i) seeds.push_back(At(i));
  ASSERT_THAT(core_->Join(now_, seeds), IsOk());
  core_->SpreadUserState(now_);
  Collect();
  ASSERT_THAT(requests_, SizeIs(options_.streams.requests_max / 2 + 1));
  EXPECT_EQ(requests_.back().to, AddressOf("b"));
}

TEST_F(MembershipTest, NodeThatLeavesSpreadsNothing) {
  KnowMembers({"b"});
  core_->Leave(now_);
  core_->SpreadUserState(now_);
  RunFor(absl::Seconds(1), {"b"});
  EXPECT_THAT(requests_, IsEmpty());
  EXPECT_GT(core_->NextDeadline(), now_);
}

TEST_F(MembershipTest, LeaveIsCompleteOnceItWasSentOftenEnough) {
  KnowMembers({"b", "c"});
  core_->Leave(now_);
  Collect();
  EXPECT_THAT(EventsOf<LeaveCompleteEvent>(), IsEmpty());
  RunFor(absl::Seconds(1), {"b", "c"});
  EXPECT_THAT(EventsOf<LeaveCompleteEvent>(), SizeIs(1));
  EXPECT_THAT(SentOf<wire::Dead>(),
              SizeIs(options_.dissemination.retransmit_mult));
  for (const wire::Dead& dead : SentOf<wire::Dead>()) {
    EXPECT_EQ(dead, (wire::Dead{1, "self", "self"}));
  }
}

TEST_F(MembershipTest, LeaveGoesOutAtOnce) {
  KnowMembers({"b", "c"});
  core_->Leave(now_);
  Collect();
  EXPECT_THAT(SentOf<wire::Dead>(), SizeIs(2));
}

TEST_F(MembershipTest, LeaveOfALonelyNodeIsCompleteAtOnce) {
  core_->Leave(now_);
  Collect();
  EXPECT_THAT(EventsOf<LeaveCompleteEvent>(), SizeIs(1));
}

TEST_F(MembershipTest, NodeThatLeftSeeksNobody) {
  ASSERT_THAT(core_->Join(now_, {At(2)}), IsOk());
  Collect();
  core_->OnRequestFailed(now_, requests_[0].id);
  core_->Leave(now_);
  requests_.clear();
  RunFor(absl::Seconds(60));
  EXPECT_THAT(requests_, IsEmpty());
}

}  // namespace
}  // namespace lb::gossip
