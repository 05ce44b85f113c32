#include "lb/gossip/direct_messages.h"

#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/roster_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class DirectMessagesTest : public testing::Test {
 protected:
  GossipOptions options_ = LanProfile();
  DirectMessages messages_{options_};
  NodeRecord b_{.node = wire::Share({.name = "b",
                                     .address = Host(2).address.ToBytes(),
                                     .port = 7946,
                                     .versions = Versions()}),
                .incarnation = 3,
                .state = wire::NodeState::kDead};
};

TEST_F(DirectMessagesTest, AccuseOncePerProbeInterval) {
  messages_.Accuse(kStart, b_, "self");
  messages_.Accuse(kStart, b_, "self");
  const auto sent = messages_.Take();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].to, Host(2));
  EXPECT_EQ(std::get<wire::Dead>(sent[0].message),
            (wire::Dead{.incarnation = 3, .node = "b", .from = "self"}));
  messages_.Accuse(kStart + options_.probe.interval, b_, "self");
  EXPECT_THAT(messages_.Take(), SizeIs(1));
}

TEST_F(DirectMessagesTest, RepeatTheGoodbyeOfANodeThatLeft) {
  b_.state = wire::NodeState::kLeft;
  messages_.Accuse(kStart, b_, "self");
  EXPECT_EQ(std::get<wire::Dead>(messages_.Take()[0].message).from, "b");
}

TEST_F(DirectMessagesTest, AnswerOncePerGossipInterval) {
  const wire::Alive own = {.incarnation = 1, .node = "self"};
  messages_.Answer(kStart, b_, own, /*has_moved=*/false);
  messages_.Answer(kStart, b_, own, /*has_moved=*/false);
  EXPECT_THAT(messages_.Take(), SizeIs(1));
  messages_.Answer(kStart + options_.dissemination.interval, b_, own,
                   /*has_moved=*/true);
  EXPECT_THAT(messages_.Take(), IsEmpty());
  EXPECT_THAT(messages_.TakeIntroductions(), ElementsAre(Host(2)));
  EXPECT_EQ(messages_.introductions(), 0u);
}

TEST_F(DirectMessagesTest, AreAnOption) {
  options_.dissemination.direct_answers = false;
  messages_.Accuse(kStart, b_, "self");
  messages_.Answer(kStart, b_, {.node = "self"}, /*has_moved=*/false);
  EXPECT_THAT(messages_.Take(), IsEmpty());
}

}  // namespace
}  // namespace lb::gossip
