// What a healthy cluster does; its faults are in gossip_faults_test.cc.
#include "lb/gossip/gossip_node.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/member.h"
#include "lb/gossip/options.h"
#include "lb/gossip/ports.h"
#include "lb/gossip/testing/cluster_fixture.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/sim/sim_world.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::Bytes;

TEST_F(GossipNodeTest, CreateNamesWhatIsMissing) {
  AddNode();
  const Ports ports = Ports::From(At(1).host->environment());
  const auto create = [&](auto spoil) {
    GossipNodeOptions options;
    options.self = {.name = "n1", .endpoint = At(1).host->endpoint()};
    Ports spoilt = ports;
    spoil(options, spoilt);
    return GossipNode::Create(options, spoilt).status();
  };
  const auto invalid = [](const char* what) {
    return StatusIs(absl::StatusCode::kInvalidArgument,
                    testing::StartsWith(what));
  };
  EXPECT_THAT(create([](auto&, auto&) {}), IsOk());
  EXPECT_THAT(create([](auto& o, auto&) { o.self.name.clear(); }),
              invalid("self.name"));
  EXPECT_THAT(create([](auto& o, auto&) { o.self.endpoint = {}; }),
              invalid("self.endpoint"));
  EXPECT_THAT(create([](auto& o, auto&) { o.self.meta = Bytes(513); }),
              invalid("self.meta"));
  EXPECT_THAT(
      create([](auto& o, auto&) { o.codec.label = std::string(256, 'x'); }),
      invalid("codec.label"));
  EXPECT_THAT(create([](auto& o, auto&) { o.gossip.dissemination.nodes = 0; }),
              invalid("gossip_nodes"));
  EXPECT_THAT(create([](auto&, auto& p) { p.streams = nullptr; }),
              invalid("ports"));
}

TEST_F(GossipNodeTest, NodesFindEachOtherWhateverTheirOrder) {
  for (int i = 1; i <= 5; ++i) AddNode();
  options_.gossip = FastProfile();
  for (int number : {5, 4, 3, 1, 2}) {  // The seeds last.
    StartNode(number);
    world_->loop().RunFor(absl::Seconds(3));
  }
  EXPECT_TRUE(RunUntilAll(absl::Seconds(15),
                          [&](int number) { return UpCount(number) == 5; }));
  for (int number : Running()) {
    EXPECT_THAT(Changes(number), SizeIs(4)) << number;
    EXPECT_THAT(EventsOf<ExchangeEvent>(number), testing::Not(IsEmpty()));
  }
}

TEST_F(GossipNodeTest, EncryptedAndLabelledClustersWork) {
  ASSERT_THAT(options_.keyring.Add(Bytes(32, 'k')), IsOk());
  options_.codec.label = "blue";
  Cluster(3);
  AddNode();
  options_.keyring = {};
  StartNode(4);  // Without the key.
  world_->loop().RunFor(absl::Seconds(5));
  EXPECT_EQ(UpCount(1), 3);
  EXPECT_EQ(UpCount(4), 1);
  EXPECT_GT(Gossip(1).counters().refused.undecodable, 0u);
}

TEST_F(GossipNodeTest, KeysRotateWithoutLosingAMember) {
  const Bytes old_key(32, 'a');
  const Bytes new_key(32, 'b');
  ASSERT_THAT(options_.keyring.Add(old_key), IsOk());
  Cluster(3);
  for (int n : Running()) EXPECT_THAT(Gossip(n).keyring().Add(new_key), IsOk());
  world_->loop().RunFor(absl::Seconds(2));
  for (int n : Running()) {
    EXPECT_THAT(Gossip(n).keyring().Use(new_key), IsOk());
    world_->loop().RunFor(absl::Seconds(2));
  }
  for (int n : Running()) {
    EXPECT_THAT(Gossip(n).keyring().Remove(old_key), IsOk());
  }
  world_->loop().RunFor(absl::Seconds(5));
  for (int n : Running()) {
    EXPECT_THAT(Changes(n), IsEmpty());
    EXPECT_EQ(Gossip(n).counters().refused.undecodable, 0u);
  }
}

TEST_F(GossipNodeTest, BroadcastReachesAll) {
  Cluster(20);
  ASSERT_THAT(Gossip(7).Broadcast(Bytes{'u'}), IsOk());
  EXPECT_TRUE(RunUntilAll(absl::Seconds(1), [&](int number) {
    return number == 7 || !EventsOf<UserMessageEvent>(number).empty();
  }));
  world_->loop().RunFor(absl::Seconds(1));
  for (int number : Running()) {
    const auto received = EventsOf<UserMessageEvent>(number);
    EXPECT_THAT(received, SizeIs(number == 7 ? 0 : 3)) << number;
    for (const UserMessageEvent& event : received) {
      EXPECT_EQ(event.payload, Bytes{'u'});
    }
  }
}

TEST_F(GossipNodeTest, ReliableMessageReachesItsMember) {
  Cluster(3);
  ASSERT_THAT(Gossip(1).SendReliably("n2", Bytes(100000, 'u')), IsOk());
  world_->loop().RunFor(absl::Seconds(1));
  ASSERT_THAT(EventsOf<UserMessageEvent>(2), SizeIs(1));
  EXPECT_THAT(EventsOf<UserMessageEvent>(2)[0].payload, SizeIs(100000));
  EXPECT_THAT(EventsOf<UserMessageEvent>(3), IsEmpty());
}

TEST_F(GossipNodeTest, BestEffortMessageReachesItsMember) {
  Cluster(3);
  ASSERT_THAT(Gossip(1).SendBestEffort("n2", Bytes{'u'}), IsOk());
  world_->loop().RunFor(absl::Seconds(1));
  EXPECT_THAT(EventsOf<UserMessageEvent>(2), SizeIs(1));
  EXPECT_THAT(EventsOf<UserMessageEvent>(3), IsEmpty());
}

TEST_F(GossipNodeTest, UserStateIsExchangedOnJoining) {
  for (int i = 1; i <= 2; ++i) AddNode();
  options_.gossip = FastProfile();
  StartNode(1);
  Gossip(1).SetUserState([] { return Bytes{'1'}; });
  world_->loop().RunFor(absl::Milliseconds(10));  // Finds no node yet.
  StartNode(2, /*join=*/false);
  Gossip(2).SetUserState([] { return Bytes{'2'}; });
  ASSERT_THAT(Gossip(2).Join(Seeds()), IsOk());
  world_->loop().RunFor(absl::Milliseconds(20));
  for (int number : {1, 2}) {
    const auto states = EventsOf<UserStateEvent>(number);
    ASSERT_THAT(states, SizeIs(1)) << number;
    EXPECT_EQ(states[0].payload, Bytes{static_cast<uint8_t>('3' - number)});
    EXPECT_TRUE(states[0].join);
    EXPECT_THAT(EventsOf<ExchangeEvent>(number), SizeIs(1));
  }
  // Two more follow, for what gossip misses among nodes that start together.
  world_->loop().RunFor(absl::Milliseconds(200));
  for (int number : {1, 2}) {
    EXPECT_THAT(EventsOf<ExchangeEvent>(number), SizeIs(testing::Ge(3)));
  }
}

TEST_F(GossipNodeTest, UserStateOverTheMaximumIsNotSent) {
  Cluster(2);
  Gossip(1).SetUserState([] { return Bytes(kUserStateSizeMax + 1, 'x'); });
  world_->loop().RunFor(absl::Seconds(10));
  EXPECT_GT(Gossip(1).counters().overflow.user_state, 0u);
  EXPECT_THAT(EventsOf<UserStateEvent>(2), IsEmpty());
  EXPECT_THAT(EventsOf<ExchangeEvent>(2), testing::Not(IsEmpty()));
}

TEST_F(GossipNodeTest, MetaReachesAll) {
  Cluster(5);
  ASSERT_THAT(Gossip(3).SetMeta(Bytes{'m'}), IsOk());
  world_->loop().RunFor(absl::Seconds(1));
  for (int number : {1, 2, 4, 5}) {
    EXPECT_THAT(Changes(number), ElementsAre("updated n3"));
    EXPECT_EQ(Gossip(number).Find("n3")->meta, Bytes{'m'});
  }
}

TEST_F(GossipNodeTest, SecondNodeOfOneNameIsAConflict) {
  Cluster(3);
  AddNode();
  GossipNodeOptions options = options_;
  options.self = {.name = "n2", .endpoint = At(4).host->endpoint()};
  auto gossip =
      GossipNode::Create(options, Ports::From(At(4).host->environment()));
  ASSERT_THAT(gossip, IsOk());
  (*gossip)->Start();
  ASSERT_THAT((*gossip)->Join(Seeds()), IsOk());
  world_->loop().RunFor(absl::Seconds(2));
  EXPECT_THAT(EventsOf<ConflictEvent>(1), testing::Not(IsEmpty()));
  EXPECT_EQ(Gossip(1).Find("n2")->endpoint, At(2).host->endpoint());
  EXPECT_THAT(Changes(1), IsEmpty());
}

TEST_F(GossipNodeTest, IdleClusterIsQuiet) {
  Cluster(10);
  const uint64_t before = world_->network().stats().sent;
  world_->loop().RunFor(absl::Seconds(10));
  const double rate = (world_->network().stats().sent - before) / 100.0;
  EXPECT_NEAR(rate, 20, 1);  // 10 pings and 10 acks per second and node.
  for (int number : Running()) EXPECT_EQ(Gossip(number).health_score(), 0);
}

// Streams that promise much and are never whole.
TEST_F(GossipNodeTest, ManyHugeStreamsTakeTheirShareAndNoMore) {
  Cluster(2);
  const Bytes flood =
      wire::SerializeStreamMessage(wire::User{Bytes(18 << 20, 'u')});
  io::SimHost* const attacker = world_->AddHost("attacker", "10.0.0.99/24");
  std::vector<std::unique_ptr<io::Stream>> streams;
  for (int i = 0; i < 20; ++i) {
    attacker->environment().streams->Connect(
        Seeds()[0], absl::InfiniteFuture(), [&](auto stream) {
          ASSERT_THAT(stream, IsOk());
          (*stream)->Send(absl::MakeSpan(flood).first(17 << 20)).IgnoreError();
          streams.push_back(*std::move(stream));
        });
  }
  world_->loop().RunFor(absl::Seconds(2));
  ASSERT_EQ(streams.size(), 20u);
  EXPECT_EQ(Gossip(1).counters().overflow.streams, 19u);
  At(1).events.clear();
  ASSERT_THAT(Gossip(2).SendReliably("n1", Bytes(1 << 20, 'u')), IsOk());
  world_->loop().RunFor(absl::Seconds(1));
  EXPECT_THAT(EventsOf<UserMessageEvent>(1), SizeIs(1));
}

// Each is small; all together leave no room for a large answer to us.
TEST_F(GossipNodeTest, ManySmallStreamsEndNoExchangeOfOurs) {
  Cluster(2);
  Bytes state(1 << 20);
  Prng prng(1);
  for (uint8_t& byte : state) byte = prng.Uniform(256);  // Stays as long.
  Gossip(2).SetUserState([&] { return state; });
  const Bytes flood =
      wire::SerializeStreamMessage(wire::User{Bytes(1 << 20, 'u')});
  io::SimHost* const attacker = world_->AddHost("attacker", "10.0.0.99/24");
  std::vector<std::unique_ptr<io::Stream>> streams;
  for (int i = 0; i < 120; ++i) {
    attacker->environment().streams->Connect(
        Seeds()[0], absl::InfiniteFuture(), [&](auto stream) {
          ASSERT_THAT(stream, IsOk());
          (*stream)->Send(absl::MakeSpan(flood).first(278 << 10)).IgnoreError();
          streams.push_back(*std::move(stream));
        });
  }
  world_->loop().RunFor(absl::Seconds(1));
  ASSERT_EQ(streams.size(), 120u);
  At(1).events.clear();
  ASSERT_THAT(Gossip(1).Join({At(2).host->endpoint()}), IsOk());
  world_->loop().RunFor(absl::Seconds(1));
  // Those that follow a join come only after one that came through.
  ASSERT_THAT(EventsOf<UserStateEvent>(1), SizeIs(testing::Ge(1)));
}

TEST_F(GossipNodeTest, DestroyedAmidstItsStreamsItIsSilent) {
  Cluster(3);
  ASSERT_THAT(Gossip(1).SendReliably("n2", Bytes(100000, 'u')), IsOk());
  ASSERT_THAT(Gossip(3).Join(Seeds()), IsOk());
  At(1).gossip.reset();
  At(3).gossip.reset();
  world_->loop().RunFor(absl::Seconds(2));
  EXPECT_EQ(UpCount(2), 1);
}

TEST_F(GossipNodeTest, SameSeedSameTrace) {
  const auto run = [&](uint64_t seed) {
    nodes_.clear();
    world_ = std::make_unique<io::SimWorld>(seed);
    Cluster(5);
    world_->network().paths().SetDefault({.loss_percent = 10});
    Crash(2);
    world_->loop().RunFor(absl::Seconds(10));
    return world_->trace_hash();
  };
  const uint64_t first = run(7);
  EXPECT_EQ(run(7), first);
  EXPECT_NE(run(8), first);
}

}  // namespace
}  // namespace lb::gossip
