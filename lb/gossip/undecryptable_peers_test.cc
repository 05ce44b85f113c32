// Peers that do not read each other are named, by both and soon.
#include "lb/gossip/undecryptable_peers.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/cluster_fixture.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"

namespace lb::gossip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Via = UndecryptablePeers::Via;
using wire::KeyDerivation;
using wire::Mismatch;

constexpr absl::Time kStart = absl::UnixEpoch();

net::IpAddress Host(uint32_t number) {
  return net::IpAddress::Ipv4(0x0a000000 + number);
}

std::vector<net::IpAddress> Addresses(const UndecryptablePeers& peers,
                                      absl::Time now) {
  std::vector<net::IpAddress> addresses;
  for (const auto& peer : peers.List(now)) addresses.push_back(peer.address);
  return addresses;
}

TEST(UndecryptablePeersTest, AStreamCountsAtOnceADatagramTheSecondTime) {
  UndecryptablePeers peers(absl::Minutes(2));
  EXPECT_TRUE(peers.Record(kStart, Host(1), Via::kStream, Mismatch::kOtherKey));
  EXPECT_FALSE(
      peers.Record(kStart, Host(2), Via::kDatagram, Mismatch::kOtherKey));
  EXPECT_THAT(Addresses(peers, kStart), ElementsAre(Host(1)));
  EXPECT_TRUE(
      peers.Record(kStart, Host(2), Via::kDatagram, Mismatch::kTheirsClear));
  EXPECT_FALSE(
      peers.Record(kStart, Host(2), Via::kDatagram, Mismatch::kOtherKey));
  const auto list = peers.List(kStart);
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_EQ(list[1].count, 3u);
  EXPECT_EQ(list[1].mismatch, Mismatch::kOtherKey);
}

TEST(UndecryptablePeersTest, GoesWithSilenceAndWithAGoodPacket) {
  UndecryptablePeers peers(absl::Minutes(2));
  peers.Record(kStart, Host(1), Via::kStream, Mismatch::kOtherKey);
  peers.Record(kStart, Host(2), Via::kStream, Mismatch::kOtherKey);
  peers.Record(kStart, Host(3), Via::kStream, Mismatch::kOursRefused);
  peers.OnReadable(Host(1));
  peers.OnReadable(Host(3));  // This node reads it, not the other way round.
  EXPECT_THAT(Addresses(peers, kStart), ElementsAre(Host(2), Host(3)));
  peers.Forget(Host(3));
  const absl::Time end = kStart + absl::Minutes(2);
  EXPECT_THAT(Addresses(peers, end - absl::Nanoseconds(1)),
              ElementsAre(Host(2)));
  EXPECT_THAT(Addresses(peers, end), IsEmpty());
  // What comes later is new.
  EXPECT_TRUE(peers.Record(end, Host(2), Via::kStream, Mismatch::kOtherKey));
  EXPECT_EQ(peers.List(end)[0].count, 1u);
}

// Any host can send datagrams with invented sources.
TEST(UndecryptablePeersTest, AFloodIsBoundedAndHidesNoRealPeer) {
  UndecryptablePeers peers(absl::Minutes(2));
  peers.Record(kStart, Host(1), Via::kStream, Mismatch::kOtherKey);
  int events = 0;
  for (uint32_t i = 2; i < 10'000; ++i) {
    events += peers.Record(kStart + absl::Milliseconds(i), Host(i),
                           Via::kDatagram, Mismatch::kOtherKey);
  }
  const absl::Time later = kStart + absl::Seconds(11);
  EXPECT_EQ(events, 0);
  EXPECT_THAT(Addresses(peers, later), ElementsAre(Host(1)));
  for (uint32_t i = 2; i < 10'000; ++i) {
    events += peers.Record(later, Host(i), Via::kStream, Mismatch::kOtherKey);
  }
  EXPECT_LE(events, UndecryptablePeers::kEventsMax);
  EXPECT_LE(peers.List(later).size(), UndecryptablePeers::kPeersMax);
}

class MismatchTest : public GossipNodeTest {
 protected:
  // n1 and n2, by their keyrings and labels; n2 joins n1.
  void StartPair(const GossipNodeOptions& first,
                 const GossipNodeOptions& second) {
    for (const GossipNodeOptions& options : {first, second}) {
      options_ = options;
      options_.gossip = FastProfile();
      AddNode();
      StartNode(static_cast<int>(nodes_.size()));
    }
  }
  // "10.0.0.1 no key of this node opens what it sends"
  std::vector<std::string> Listed(int number) {
    std::vector<std::string> texts;
    for (const auto& peer : Gossip(number).Undecryptable()) {
      texts.push_back(peer.address.ToString() + " " +
                      std::string(wire::ToString(peer.mismatch)));
    }
    return texts;
  }
};

GossipNodeOptions WithSecret(const std::string& secret,
                             KeyDerivation how = KeyDerivation::kSha256) {
  GossipNodeOptions options;
  EXPECT_TRUE(options.keyring.AddSecret(secret, how).ok());
  return options;
}

TEST_F(MismatchTest, SecretsThatDifferByANewline) {
  StartPair(WithSecret("aaaabbbbccccdddd"), WithSecret("aaaabbbbccccdddd\n"));
  EXPECT_TRUE(RunUntilAll(absl::Seconds(10), [&](int number) {
    return !EventsOf<UndecryptableEvent>(number).empty();
  }));
  EXPECT_THAT(Listed(1),
              ElementsAre("10.0.0.2 no key of this node opens what it sends"));
  EXPECT_THAT(Listed(2),
              ElementsAre("10.0.0.1 no key of this node opens what it sends"));
  // It lasts while they try, and is one event.
  world_->loop().RunFor(absl::Minutes(10));
  EXPECT_THAT(Listed(1), SizeIs(1));
  EXPECT_THAT(EventsOf<UndecryptableEvent>(1), SizeIs(1));
}

TEST_F(MismatchTest, OneInTheClear) {
  StartPair(WithSecret("s"), {});
  world_->loop().RunFor(absl::Seconds(10));
  EXPECT_THAT(
      Listed(1),
      ElementsAre(
          "10.0.0.2 it sends in the clear, and this node has a gossip secret"));
  EXPECT_THAT(
      Listed(2),
      ElementsAre("10.0.0.1 it encrypts, and this node has no gossip secret"));
}

TEST_F(MismatchTest, AnotherLabel) {
  GossipNodeOptions blue = WithSecret("s");
  blue.codec.label = "blue";
  StartPair(WithSecret("s"), blue);
  world_->loop().RunFor(absl::Seconds(10));
  EXPECT_THAT(Listed(1), ElementsAre("10.0.0.2 it has another gossip label"));
}

TEST_F(MismatchTest, APeerThatKnowsTheOtherDerivationOnly) {
  GossipNodeOptions older;
  ASSERT_THAT(older.keyring.Add(MetallbKey("s", KeyDerivation::kLegacy)),
              IsOk());
  StartPair(older, WithSecret("s"));
  world_->loop().RunFor(absl::Seconds(10));
  EXPECT_THAT(Listed(1),
              ElementsAre("10.0.0.2 no key of this node opens what it sends"));
  EXPECT_THAT(
      Listed(2),
      ElementsAre("10.0.0.1 none of its keys opens what this node sends"));
}

TEST_F(MismatchTest, GoesWhenTheKeysAreTheSame) {
  StartPair(WithSecret("a"), WithSecret("b"));
  world_->loop().RunFor(absl::Seconds(10));
  ASSERT_THAT(Listed(1), SizeIs(1));
  ASSERT_THAT(Gossip(1).keyring().AddSecret("b", KeyDerivation::kSha256),
              IsOk());
  ASSERT_THAT(Gossip(2).keyring().AddSecret("a", KeyDerivation::kSha256),
              IsOk());
  EXPECT_TRUE(RunUntilAll(absl::Minutes(2), [&](int number) {
    return UpCount(number) == 2 && Listed(number).empty();
  }));
}

TEST_F(MismatchTest, NothingIsListedInAHealthyCluster) {
  options_ = WithSecret("s");
  Cluster(5);
  world_->loop().RunFor(absl::Minutes(2));
  for (int number : Running()) EXPECT_THAT(Listed(number), IsEmpty());
}

// The roll-out of a new derivation: one node after the other is restarted with
// the other one, and no member is lost by a third one.
TEST_F(MismatchTest, DerivationsRotateWithoutLosingAMember) {
  options_ = WithSecret("s", KeyDerivation::kLegacy);
  Cluster(4);
  for (int number : Running()) {
    ASSERT_THAT(Gossip(number).keyring().UseSecret("s", KeyDerivation::kSha256),
                IsOk());
    world_->loop().RunFor(absl::Seconds(5));
  }
  for (int number : Running()) {
    EXPECT_THAT(Changes(number), IsEmpty());
    EXPECT_THAT(Listed(number), IsEmpty());
    EXPECT_EQ(Gossip(number).counters().refused.undecodable, 0u);
  }
  // A restart, as when the option changes: with the other key it finds all.
  Crash(2);
  At(2).host->Restart();
  options_ = WithSecret("s", KeyDerivation::kLegacy);
  options_.gossip = FastProfile();
  StartNode(2);
  EXPECT_TRUE(RunUntilAll(absl::Seconds(10),
                          [&](int number) { return UpCount(number) == 4; }));
  for (int number : Running()) EXPECT_THAT(Listed(number), IsEmpty());
}

}  // namespace
}  // namespace lb::gossip
