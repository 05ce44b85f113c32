// Members that were not verified yet: pinged at once, again, through others,
// and given up; by hand-fed messages.
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/newcomer_queue.h"
#include "lb/gossip/testing/membership_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::NodeState;

class NewcomersTest : public MembershipTest {
 protected:
  bool Verified(const std::string& name) { return core_->Find(name)->verified; }
  void Ack(const std::string& from) {
    Hear(from, wire::Ack{.sequence = SentOf<wire::Ping>(from).back().sequence});
  }
  std::vector<std::string> Changes() {
    static constexpr const char* kVerbs[] = {"joined", "updated", "left",
                                             "failed", "verified"};
    std::vector<std::string> changes;
    for (const MemberEvent& event : EventsOf<MemberEvent>()) {
      changes.push_back(fmt::format(
          "{} {}", kVerbs[static_cast<int>(event.change)], event.member.name));
    }
    return changes;
  }
  // `count` members that no node ever saw, as one packet each says.
  void Invent(int count) {
    for (int i = 0; i < count; ++i) {
      const wire::Message alive =
          wire::Alive{.incarnation = 1,
                      .node = fmt::format("fake{}", i),
                      .address = {10, 66, static_cast<uint8_t>(i >> 8),
                                  static_cast<uint8_t>(i)},
                      .port = 7946,
                      .versions = wire::Bytes{1, 5, 2, 0, 0, 0}};
      HearAt(At(200), {alive});
    }
    Collect();
  }
};

TEST_F(NewcomersTest, ANewcomerIsPingedAtOnceAndVerifiedByItsAck) {
  Hear("b", Alive("b"));
  EXPECT_FALSE(Verified("b"));
  EXPECT_EQ(core_->unverified(), 1u);
  EXPECT_THAT(core_->VerifiedMembers(), SizeIs(1));  // Ourselves.
  ASSERT_THAT(SentOf<wire::Ping>("b"), SizeIs(1));
  Ack("b");
  EXPECT_TRUE(Verified("b"));
  EXPECT_EQ(core_->unverified(), 0u);
  EXPECT_THAT(core_->VerifiedMembers(), SizeIs(2));
  EXPECT_THAT(Changes(), ElementsAre("joined b", "verified b"));
  Ack("b");  // Again; nothing follows.
  EXPECT_THAT(Changes(), SizeIs(2));
}

TEST_F(NewcomersTest, ThisNodeIsVerifiedFromTheStart) {
  EXPECT_TRUE(Verified("self"));
}

TEST_F(NewcomersTest, AnAckNobodyAskedForHearsNobody) {
  Hear("b", Alive("b"));
  for (uint32_t sequence = 0; sequence < 1000; ++sequence) {
    Hear("b", wire::Ack{.sequence = sequence});
  }
  EXPECT_FALSE(Verified("b"));
}

TEST_F(NewcomersTest, ALostPingIsRepeatedAfterTheTimeout) {
  Hear("b", Alive("b"));
  RunFor(options_.probe.timeout);
  EXPECT_THAT(SentOf<wire::Ping>("b"), SizeIs(2));
  EXPECT_FALSE(Verified("b"));
  Ack("b");
  EXPECT_TRUE(Verified("b"));
  EXPECT_EQ(core_->counters().detection.suspicions, 0u);
}

TEST_F(NewcomersTest, ALateAckCounts) {
  Hear("b", Alive("b"));
  RunFor(absl::Seconds(3));
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  Ack("b");
  EXPECT_TRUE(Verified("b"));
}

TEST_F(NewcomersTest, WhoIsReachedThroughOthersIsVerified) {
  KnowMembers({"b", "c", "d"});
  Hear("e", Alive("e"));
  RunFor(options_.probe.timeout * 2, {"b", "c", "d"});
  const auto asked = SentOf<wire::IndirectPing>();
  ASSERT_THAT(asked, SizeIs(3));
  EXPECT_EQ(asked[0].node, "e");
  EXPECT_FALSE(asked[0].nack);  // Our own health is no matter here.
  Hear("b", wire::Ack{.sequence = asked[0].sequence});
  EXPECT_TRUE(Verified("e"));
}

// It may know nothing of us, if both started at the same time.
TEST_F(NewcomersTest, APingToANewcomerSaysThatWeAreThere) {
  Hear("b", Alive("b"));
  ASSERT_THAT(SentOf<wire::Alive>("b"), SizeIs(1));
  EXPECT_EQ(SentOf<wire::Alive>("b")[0].node, "self");
  RunFor(options_.probe.timeout);  // It was lost, perhaps.
  EXPECT_GE(SentOf<wire::Alive>("b").size(), 2u);
  Ack("b");
  RunFor(options_.dissemination.interval * 20, {"b"});
  Forget();
  RunFor(absl::Seconds(5), {"b"});
  EXPECT_THAT(SentOf<wire::Alive>(), IsEmpty());
}

TEST_F(NewcomersTest, ThousandsThatAreInventedGetAPingOnly) {
  Invent(1000);
  Forget();
  RunFor(absl::Seconds(5));
  EXPECT_GT(SentOf<wire::Ping>().size(), 80u);
  int of_self = 0;
  for (const wire::Alive& alive : SentOf<wire::Alive>()) {
    of_self += alive.node == "self";
  }
  EXPECT_LE(of_self, options_.dissemination.retransmit_mult);  // Gossip.
}

TEST_F(NewcomersTest, ANodeThatLeavesDoesNotSayThatItIsThere) {
  KnowMembers({"b"});
  core_->Leave(now_);
  Collect();
  Forget();
  Hear("c", Alive("c"));
  EXPECT_THAT(SentOf<wire::Ping>("c"), SizeIs(1));
  EXPECT_THAT(SentOf<wire::Alive>("c"), IsEmpty());
}

TEST_F(NewcomersTest, WhatDoesNotFitBesideThePingGoesAfterIt) {
  GossipOptions options = Quiet();
  options.dissemination.udp_buffer_size = 1200;
  Restart(options);
  core_->SetPacketOverhead(300);
  ASSERT_TRUE(core_->SetMeta(now_, wire::Bytes(kMetaSizeMax, 'm')).ok());
  wire::Alive alive = Alive("b");
  alive.node = std::string(kNameSizeMax, 'b');
  HearAt(At(2), {alive});
  EXPECT_THAT(sent_, SizeIs(2));
  EXPECT_THAT(SentOf<wire::Ping>(), SizeIs(1));
  EXPECT_THAT(SentOf<wire::Alive>(), SizeIs(1));
  for (const Sent& sent : sent_) EXPECT_LE(sent.bytes, 900u);
}

TEST_F(NewcomersTest, TheUnverifiedHelpNobodyAndArePassedNothing) {
  KnowMembers({"b", "c"});
  Invent(30);
  Forget();
  RunFor(absl::Seconds(3), {"c"});  // b does not answer.
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  for (const Sent& sent : sent_) {
    for (const wire::Message& message : sent.messages) {
      if (sent.to == AddressOf("b") || sent.to == AddressOf("c")) continue;
      EXPECT_FALSE(std::holds_alternative<wire::IndirectPing>(message));
      const auto* const alive = std::get_if<wire::Alive>(&message);
      if (alive != nullptr) {
        EXPECT_EQ(alive->node, "self");
      }
    }
  }
}

TEST_F(NewcomersTest, WhoIsBackFromTheDeadHasToAnswerAgain) {
  KnowMembers({"b", "c"});
  Hear("c", wire::Dead{.incarnation = 1, .node = "b", .from = "c"});
  EXPECT_TRUE(Verified("b"));  // It was; but it is down.
  EXPECT_THAT(core_->VerifiedMembers(), SizeIs(2));
  Hear("b", Alive("b", 2));
  EXPECT_FALSE(Verified("b"));
  Ack("b");
  EXPECT_THAT(Changes(), ElementsAre("failed b", "joined b", "verified b"));
}

TEST_F(NewcomersTest, MetadataSuspicionAndRefutationChangeNothing) {
  KnowMembers({"b", "c"});
  Hear("c", wire::Suspect{.incarnation = 1, .node = "b", .from = "c"});
  EXPECT_TRUE(Verified("b"));
  wire::Alive news = Alive("b", 2);
  news.meta = wire::Bytes{1};
  Hear("b", news);
  EXPECT_TRUE(Verified("b"));
  EXPECT_THAT(Changes(), ElementsAre("updated b"));
  Hear("d", Alive("d"));
  Hear("c", wire::Suspect{.incarnation = 1, .node = "d", .from = "c"});
  Hear("d", Alive("d", 2));
  EXPECT_FALSE(Verified("d"));
}

TEST_F(NewcomersTest, WhoNeverAnswersFailsAndIsNotLookedForAgain) {
  Hear("b", Alive("b"));
  RunFor(absl::Seconds(60));
  EXPECT_THAT(Changes(), ElementsAre("joined b", "failed b"));
  EXPECT_EQ(core_->unverified(), 0u);
  EXPECT_EQ(core_->health_score(), 0);
  for (const StreamRequest& request : requests_) {  // Pings only.
    EXPECT_LT(request.deadline - now_, absl::ZeroDuration());
  }
  requests_.clear();
  RunFor(absl::Minutes(10));
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(NewcomersTest, APingFromANewcomersEndpointIsAnsweredWithOne) {
  Invent(1000);  // Those at once are used up.
  Forget();
  Hear("b", Alive("b"));
  EXPECT_THAT(SentOf<wire::Ping>("b"), IsEmpty());
  wire::Ping ping{.sequence = 1, .node = "self"};
  ping.source.node = "b";
  HearAt(At(99), {ping});
  EXPECT_THAT(SentOf<wire::Ping>("b"), IsEmpty());  // Not whence b would.
  Hear("b", ping);
  EXPECT_THAT(SentOf<wire::Ping>("b"), SizeIs(1));
  Ack("b");
  EXPECT_TRUE(Verified("b"));
}

TEST_F(NewcomersTest, APeerOfAnExchangeIsPingedOutOfTurn) {
  Invent(1000);
  Forget();
  core_->OnStreamRequest(now_, {AddressOf("b").address, 40000},
                         wire::PushPull{.join = true, .nodes = {Entry("b")}});
  Collect();
  EXPECT_THAT(SentOf<wire::Ping>("b"), SizeIs(1));
}

TEST_F(NewcomersTest, TheUnverifiedLeaveStreamsForTheOthers) {
  Invent(100);
  RunFor(absl::Seconds(10));  // None of them opens or fails.
  EXPECT_THAT(requests_, SizeIs(options_.streams.requests_max / 2));
}

// A member is probed as often as before, and given up as early.
TEST_F(NewcomersTest, ThousandsThatAreInventedTakeNoTurnOfAMember) {
  KnowMembers({"b", "c"});
  Invent(10000);
  Forget();
  RunFor(absl::Seconds(10), {"b", "c"});
  const size_t probes =
      SentOf<wire::Ping>("b").size() + SentOf<wire::Ping>("c").size();
  EXPECT_GE(probes, 10u);
  EXPECT_EQ(core_->health_score(), 0);
  EXPECT_TRUE(Verified("b"));
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_THAT(core_->VerifiedMembers(), SizeIs(3));
  // Four per gossip_interval, and the lanes; helpers besides.
  EXPECT_LE(core_->counters().detection.newcomer_pings,
            256u + 10 * (20 + NewcomerQueue::kLanes) + 10);
}

}  // namespace
}  // namespace lb::gossip
