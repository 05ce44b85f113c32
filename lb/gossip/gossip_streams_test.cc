// What streams of others may cost a node.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/testing/cluster_fixture.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {
namespace {

using testing::SizeIs;
using wire::Bytes;

class StreamsTest : public GossipNodeTest {
 protected:
  // A host that is no member opens a stream to n1 and says this.
  void Say(const Bytes& bytes) {
    if (attacker_ == nullptr) {
      attacker_ = world_->AddHost("attacker", "10.0.0.99/24");
    }
    attacker_->environment().streams->Connect(
        Seeds()[0], absl::InfiniteFuture(), [this, bytes](auto stream) {
          ASSERT_THAT(stream, IsOk());
          (*stream)->Receive(
              [this](absl::Span<const uint8_t> answer) {
                answer_.insert(answer_.end(), answer.begin(), answer.end());
                // An exchange's first byte, compressed.
                answered_ += answer.front() == 9 ? 1 : 0;
              },
              [](const absl::Status&) {});
          (*stream)->Send(bytes).IgnoreError();
          streams_.push_back(*std::move(stream));
        });
  }

  io::SimHost* attacker_ = nullptr;
  std::vector<std::unique_ptr<io::Stream>> streams_;
  int answered_ = 0;
  Bytes answer_;  // All that came back.
};

// Half of it at random, so that it is compressed to less, and to no bomb.
Bytes Text(size_t size) {
  Prng prng(1);
  Bytes bytes(size, 'x');
  for (size_t i = 0; i < size; i += 2) bytes[i] = prng.Uniform(256);
  return bytes;
}

TEST_F(StreamsTest, ALargeMessageArrivesThoughItsSenderClosesAtOnce) {
  Cluster(2);
  const Bytes text = Text(1 << 20);
  ASSERT_THAT(Gossip(2).SendReliably("n1", text), IsOk());
  world_->loop().RunFor(absl::Seconds(1));
  const auto events = EventsOf<UserMessageEvent>(1);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].payload, text);
}

TEST_F(StreamsTest, LargeMessagesAtOnceAreTakenOneAfterAnother) {
  Cluster(5);
  const Bytes text = Text(1 << 20);
  for (int number = 2; number <= 5; ++number) {
    ASSERT_THAT(Gossip(number).SendReliably("n1", text), IsOk());
  }
  world_->loop().RunFor(absl::Seconds(1));
  EXPECT_THAT(EventsOf<UserMessageEvent>(1), SizeIs(4));
}

TEST_F(StreamsTest, ALargeUserStateIsExchangedBothWays) {
  Cluster(2);
  const Bytes text = Text(2 << 20);
  for (int number : {1, 2}) {
    Gossip(number).SetUserState([&] { return text; });
  }
  At(1).events.clear();
  At(2).events.clear();
  world_->loop().RunFor(absl::Seconds(10));
  for (int number : {1, 2}) {
    const auto states = EventsOf<UserStateEvent>(number);
    ASSERT_THAT(states, SizeIs(testing::Ge(2)));
    EXPECT_EQ(states[0].payload, text);
  }
}

TEST_F(StreamsTest, BombsAreRefusedAndHoldNobodyUp) {
  Cluster(2);
  const Bytes bomb = wire::Compress(Bytes(20'000'000));
  const uint64_t refused = Gossip(1).counters().refused.undecodable;
  for (int i = 0; i < 40; ++i) Say(bomb);
  At(1).events.clear();
  ASSERT_THAT(Gossip(2).SendReliably("n1", Bytes{'x'}), IsOk());
  world_->loop().RunFor(absl::Milliseconds(500));
  EXPECT_THAT(EventsOf<UserMessageEvent>(1), SizeIs(1));
  // After one slice there is no more for an address that has had its share.
  EXPECT_EQ(Gossip(1).counters().refused.exchanges, 24u);
  EXPECT_EQ(Gossip(1).counters().refused.undecodable - refused, 16u);
  EXPECT_EQ(UpCount(1), 2);
}

TEST_F(StreamsTest, AnAddressBeginsSoManyExchangesASecond) {
  Cluster(2);
  const Bytes exchange = wire::SerializeStreamMessage(wire::PushPull{});
  for (int i = 0; i < 40; ++i) Say(exchange);
  world_->loop().RunFor(absl::Milliseconds(500));
  EXPECT_EQ(answered_, 16);
  EXPECT_EQ(Gossip(1).counters().refused.exchanges, 24u);
  // Others are not affected, and it may again later.
  const uint64_t before = Gossip(2).counters().exchanges.completed;
  ASSERT_THAT(Gossip(2).Join({At(1).host->endpoint()}), IsOk());
  world_->loop().RunFor(absl::Seconds(3));
  EXPECT_GT(Gossip(2).counters().exchanges.completed, before);
  answered_ = 0;
  Say(exchange);
  Say(exchange);
  world_->loop().RunFor(absl::Milliseconds(500));
  EXPECT_EQ(answered_, 2);
}

// What a cluster of so many says of itself.
wire::PushPull ExchangeOf(int members) {
  wire::PushPull exchange;
  for (int i = 0; i < members; ++i) {
    exchange.nodes.push_back(
        {.node = wire::Share({.name = fmt::format("far{}", i),
                              .address = {10, 9, static_cast<uint8_t>(i >> 8),
                                          static_cast<uint8_t>(i)},
                              .port = 7946,
                              .versions = Bytes{1, 5, 2, 0, 0, 0}}),
         .incarnation = 1});
  }
  return exchange;
}

class LargeExchangeTest : public StreamsTest {
 protected:
  static constexpr int kMembers = 3000;

  // Until n1 has ended an exchange. Returns how many events came of one turn of
  // the loop at most.
  size_t RunToExchange() {
    size_t seen = At(1).events.size();
    size_t most = 0;
    EXPECT_TRUE(world_->loop().RunUntil(
        [&] {
          const size_t now = At(1).events.size();
          most = std::max(most, now - seen);
          seen = now;
          return !EventsOf<ExchangeEvent>(1).empty();
        },
        absl::Seconds(1)));
    return most;
  }
};

TEST_F(LargeExchangeTest, IsMergedInSeveralTurns) {
  Cluster(1);
  for (const bool compressed : {true, false}) {
    SCOPED_TRACE(compressed);
    At(1).events.clear();
    wire::PushPull exchange = ExchangeOf(kMembers);
    for (auto& entry : exchange.nodes) {
      entry.incarnation = compressed ? 1 : 2;
      wire::NodeDescription node = *entry.node;
      node.meta = Bytes{compressed};
      entry.node = wire::Share(std::move(node));
    }
    exchange.user_state = Bytes{'u'};
    const Bytes plain = wire::SerializeStreamMessage(exchange);
    Say(compressed ? wire::Compress(plain) : plain);
    EXPECT_LE(RunToExchange(), 512u);
    EXPECT_EQ(UpCount(1), 1 + kMembers);
    // The members come before the state, and the state before the end.
    const size_t events = At(1).events.size();
    EXPECT_TRUE(
        std::holds_alternative<UserStateEvent>(At(1).events[events - 2]));
    EXPECT_THAT(EventsOf<MemberEvent>(1), SizeIs(kMembers));
    world_->loop().RunFor(absl::Milliseconds(100));
    EXPECT_EQ(answered_, compressed ? 1 : 2);
  }
}

TEST_F(LargeExchangeTest, OfAnotherProtocolIsRefusedWhole) {
  Cluster(1);
  wire::PushPull exchange = ExchangeOf(kMembers);
  for (auto& entry : exchange.nodes) {
    wire::NodeDescription node = *entry.node;
    node.versions = Bytes{7, 7, 7, 7, 7, 7};
    entry.node = wire::Share(std::move(node));
  }
  const uint64_t failed = Gossip(1).counters().exchanges.failed;
  Say(wire::Compress(wire::SerializeStreamMessage(exchange)));
  world_->loop().RunFor(absl::Milliseconds(500));
  EXPECT_EQ(UpCount(1), 1);
  EXPECT_EQ(Gossip(1).counters().exchanges.failed, failed + 1);
  EXPECT_EQ(answered_, 1);
}

// A key that comes after the turn of the exchange shows whether its answer was
// encoded by then.
TEST_F(LargeExchangeTest, HasItsAnswerEncodedInATurnOfItsOwn) {
  const wire::Keyring none;
  wire::Keyring keyring;
  ASSERT_THAT(keyring.Add(Bytes(32, 'k')), IsOk());
  const struct {
    int members;  // With n1.
    const wire::Keyring& used;
  } kCases[] = {{512, none}, {513, keyring}};
  Cluster(1);
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.members);
    Gossip(1).keyring() = none;
    Say(wire::SerializeStreamMessage(ExchangeOf(test.members - 1)));
    world_->loop().RunFor(absl::Milliseconds(100));
    ASSERT_EQ(UpCount(1), test.members);
    At(1).events.clear();
    answer_.clear();
    Say(wire::SerializeStreamMessage(wire::PushPull{}));
    RunToExchange();
    Gossip(1).keyring() = keyring;
    world_->loop().RunFor(absl::Milliseconds(100));
    const wire::Codec codec({}, test.used, [] { return wire::Nonce(); });
    const auto answer =
        codec.DecodeStream(answer_, wire::Codec::Direction::kResponse);
    ASSERT_THAT(answer, IsOk());
    EXPECT_THAT(std::get<wire::PushPull>(*answer).nodes, SizeIs(test.members));
  }
}

TEST_F(LargeExchangeTest, MayEndBeforeItsAnswerIsEncoded) {
  Cluster(2);
  Say(wire::SerializeStreamMessage(ExchangeOf(kMembers)));
  RunToExchange();
  streams_.clear();
  const uint64_t before = Gossip(2).counters().exchanges.completed;
  ASSERT_THAT(Gossip(2).Join({At(1).host->endpoint()}), IsOk());
  world_->loop().RunFor(absl::Seconds(1));
  EXPECT_GT(Gossip(2).counters().exchanges.completed, before);
}

TEST_F(LargeExchangeTest, ThatAPeerEndsLeavesTheNextOnesServed) {
  Cluster(2);
  Say(wire::Compress(wire::SerializeStreamMessage(ExchangeOf(kMembers))));
  world_->loop().RunUntil([&] { return At(1).events.size() > 100; },
                          absl::Seconds(1));
  streams_.clear();
  const uint64_t before = Gossip(2).counters().exchanges.completed;
  ASSERT_THAT(Gossip(2).Join({At(1).host->endpoint()}), IsOk());
  world_->loop().RunFor(absl::Seconds(1));
  EXPECT_GT(Gossip(2).counters().exchanges.completed, before);
  EXPECT_THAT(Gossip(1).VerifiedMembers(), SizeIs(2));
}

}  // namespace
}  // namespace lb::gossip
