#include "lb/gossip/full_exchange.h"

#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class FullExchangeTest : public PartTest {
 protected:
  FullExchangeTest() { exchange_.SetUserState({'s'}); }

  static wire::PushNodeState EntryOf(
      const std::string& name,
      wire::NodeState state = wire::NodeState::kAlive) {
    const wire::Alive alive = AliveOf(name, 1);
    return {.node = wire::Share({.name = name,
                                 .address = alive.address,
                                 .port = alive.port,
                                 .versions = alive.versions}),
            .incarnation = 1,
            .state = state};
  }

  FailureDetector detector_{*state_, now_};
  ExchangeSchedule schedule_{*state_, root_, now_};
  Verifier verifier_{*state_, root_};
  StreamOnlyWatch stream_only_{*state_};
  ContactChecks contacts_{*state_};
  MemberChanges changes_{
      *state_, detector_, verifier_, schedule_, {stream_only_, contacts_}};
  FullExchange exchange_{*state_, verifier_, schedule_, changes_};
};

TEST_F(FullExchangeTest, CarriesAllMembersAndTheUserState) {
  Know("b");
  const wire::PushPull own = exchange_.OwnState(/*join=*/true);
  EXPECT_TRUE(own.join);
  EXPECT_THAT(own.nodes, SizeIs(2));
  EXPECT_EQ(own.user_state, wire::Bytes{'s'});
}

TEST_F(FullExchangeTest, TellsMembersThenStateThenTheEnd) {
  exchange_.Merge(now_, At(2),
                  {.nodes = {EntryOf("b"), EntryOf("c")}, .user_state = {'u'}},
                  /*initiated_by_us=*/true);
  ASSERT_THAT(state_->events, SizeIs(4));
  EXPECT_TRUE(std::holds_alternative<MemberEvent>(state_->events[0]));
  EXPECT_TRUE(std::holds_alternative<MemberEvent>(state_->events[1]));
  EXPECT_TRUE(std::holds_alternative<UserStateEvent>(state_->events[2]));
  EXPECT_TRUE(std::holds_alternative<ExchangeEvent>(state_->events[3]));
  EXPECT_EQ(state_->counters.exchanges.completed, 1u);
}

TEST_F(FullExchangeTest, RefusesAPeerOfAnotherProtocol) {
  wire::PushNodeState entry = EntryOf("b");
  wire::NodeDescription node = *entry.node;
  node.versions = wire::Bytes{7, 7, 7, 7, 7, 7};
  entry.node = wire::Share(std::move(node));
  exchange_.Merge(now_, At(2), {.nodes = {entry}, .user_state = {'u'}},
                  /*initiated_by_us=*/false);
  EXPECT_THAT(state_->events, IsEmpty());
  EXPECT_EQ(state_->counters.exchanges.failed, 1u);
}

TEST_F(FullExchangeTest, TellsAPeerThatHoldsThisNodeForDeadThatItIsAlive) {
  exchange_.Merge(now_, At(2),
                  {.nodes = {EntryOf("self", wire::NodeState::kDead)}},
                  /*initiated_by_us=*/true);
  EXPECT_THAT(Sent(), ElementsAre("b: alive self"));
}

TEST_F(FullExchangeTest, ASeedThatIsAVerifiedMemberIsTriedNoLonger) {
  Know("b");
  schedule_.reconnects().AddSeed(now_, At(2));
  EXPECT_EQ(schedule_.NextDeadline(), now_);
  exchange_.Merge(now_, At(2), {.nodes = {EntryOf("b")}},
                  /*initiated_by_us=*/true);
  EXPECT_GT(schedule_.NextDeadline(), now_);
}

}  // namespace
}  // namespace lb::gossip
