// Probes, answers, packets and timers of the core, by hand-fed messages.
#include "lb/gossip/membership.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/testing/membership_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::Bytes;
using wire::NodeState;

// Probes.

TEST_F(MembershipTest, ProbesTheOnlyPeerEachInterval) {
  KnowMembers({"b"});
  RunFor(absl::Seconds(10), {"b"});
  EXPECT_THAT(SentOf<wire::Ping>("b"), SizeIs(10));
  EXPECT_EQ(core_->counters().detection.probes_failed, 0u);
}

TEST_F(MembershipTest, FirstProbeComesAtARandomPhase) {
  std::set<absl::Time> firsts;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Membership core(options_, {.name = "self", .endpoint = At(1)}, Prng(seed),
                    now_, /*first_number=*/0);
    EXPECT_LT(core.NextDeadline(), now_ + options_.probe.interval);
    firsts.insert(core.NextDeadline());
  }
  EXPECT_THAT(firsts, SizeIs(10));
}

TEST_F(MembershipTest, AsksOthersAfterTheTimeout) {
  KnowMembers({"b", "c", "d", "e", "f"});
  RunFor(absl::Milliseconds(1499), {});  // One probe, unanswered.
  const auto pings = SentOf<wire::Ping>();
  ASSERT_FALSE(pings.empty());
  const auto asked = SentOf<wire::IndirectPing>();
  ASSERT_THAT(asked, SizeIs(3));
  for (const auto& ask : asked) {
    EXPECT_EQ(ask.sequence, pings[0].sequence);
    EXPECT_EQ(ask.node, pings[0].node);
    EXPECT_EQ(ask.target, AddressOf(ask.node).address.ToBytes());
    EXPECT_TRUE(ask.nack);
  }
  EXPECT_THAT(SentOf<wire::IndirectPing>(pings[0].node), IsEmpty());
  // And over TCP.
  ASSERT_THAT(requests_, SizeIs(1));
  EXPECT_EQ(requests_[0].to, AddressOf(pings[0].node));
  EXPECT_EQ(std::get<wire::Ping>(core_->OpeningMessage(requests_[0].id)),
            pings[0]);
  EXPECT_TRUE(core_->ExpectsReply(requests_[0].id));
}

TEST_F(MembershipTest, OldPeersAreNotAskedForNacksNorPingedOverTcp) {
  for (const char* name : {"b", "c"}) {
    Hear(name, Alive(name, 1, /*protocol_max=*/2));
  }
  Answer({"b", "c"});
  while (SentOf<wire::IndirectPing>().empty()) RunFor(absl::Milliseconds(10));
  const auto asked = SentOf<wire::IndirectPing>();
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_FALSE(asked[0].nack);
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(MembershipTest, SuspectsWhoAnswersNobody) {
  KnowMembers({"b"});
  RunFor(absl::Milliseconds(2100), {});
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  EXPECT_EQ(core_->counters().detection.probes_failed, 1u);
  EXPECT_EQ(core_->health_score(), 1);  // No member could say it was not us.
}

TEST_F(MembershipTest, AnAckThroughAnotherIsAnAck) {
  KnowMembers({"b", "c"});
  while (SentOf<wire::IndirectPing>("c").empty()) {
    RunFor(absl::Milliseconds(10), {"c"});
  }
  Hear("c", wire::Ack{SentOf<wire::IndirectPing>("c")[0].sequence, {}});
  RunFor(absl::Milliseconds(600), {"c"});
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(core_->counters().detection.probes_failed, 0u);
}

TEST_F(MembershipTest, AnAckOverTcpIsAnAck) {
  KnowMembers({"b"});
  while (requests_.empty()) RunFor(absl::Milliseconds(10), {});
  const auto pings = SentOf<wire::Ping>("b");
  core_->OnReply(now_, requests_[0].id,
                 wire::Ack{pings.back().sequence, std::nullopt});
  RunFor(absl::Seconds(1), {"b"});
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(core_->counters().detection.probes_failed, 0u);
}

TEST_F(MembershipTest, NackedFailureIsNotHeldAgainstUs) {
  KnowMembers({"b", "c"});
  while (SentOf<wire::IndirectPing>().empty()) {
    RunFor(absl::Milliseconds(10), {"c"});
  }
  const auto asked = SentOf<wire::IndirectPing>()[0];
  Hear("c", wire::Nack{asked.sequence});
  RunFor(absl::Milliseconds(600), {"c"});
  EXPECT_EQ(StateOf(asked.node), NodeState::kSuspect);
  EXPECT_EQ(core_->health_score(), 0);
}

TEST_F(MembershipTest, PoorHealthStretchesTheProbe) {
  KnowMembers({"b", "c"});
  Hear("b", wire::Suspect{1, "self", "b"});  // Refuted: score 1.
  Forget();
  while (SentOf<wire::Ping>().empty()) RunFor(absl::Milliseconds(10));
  const std::string target = SentOf<wire::Ping>()[0].node;
  RunFor(absl::Milliseconds(1900), {});
  EXPECT_EQ(StateOf(target), NodeState::kAlive);
  RunFor(absl::Milliseconds(101), {});
  EXPECT_EQ(StateOf(target), NodeState::kSuspect);
}

TEST_F(MembershipTest, SuspectedNodeHearsOfItWithItsPing) {
  KnowMembers({"b"});
  Hear("b", wire::Suspect{1, "b", "c"});
  Forget();
  while (SentOf<wire::Ping>().empty()) RunFor(absl::Milliseconds(1));
  const auto& packet = sent_.back();
  ASSERT_THAT(packet.messages, SizeIs(2));
  EXPECT_EQ(std::get<wire::Suspect>(packet.messages[1]),
            (wire::Suspect{1, "b", "self"}));
  EXPECT_EQ(packet.checksum, wire::Checksum::kCrc32);
}

TEST_F(MembershipTest, RefusedSendAsksOthersAtOnce) {
  KnowMembers({"b", "c"});
  while (SentOf<wire::Ping>().empty()) RunFor(absl::Milliseconds(1));
  core_->OnSendFailed(now_, sent_.back().to);
  Collect();
  EXPECT_THAT(SentOf<wire::IndirectPing>(), SizeIs(1));
  EXPECT_EQ(core_->counters().traffic.send_failures, 1u);
}

TEST_F(MembershipTest, AProcessThatWasStoppedAccusesNobody) {
  KnowMembers({"b"});
  while (SentOf<wire::Ping>().empty()) RunFor(absl::Milliseconds(1));
  const uint32_t sequence = SentOf<wire::Ping>()[0].sequence;
  now_ += absl::Seconds(5);  // Stopped, and run again.
  core_->OnTimer(now_);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(core_->counters().detection.late_wakeups, 1u);
  EXPECT_EQ(core_->health_score(), 1);
  Hear("b", wire::Ack{sequence, std::nullopt});  // It was there all the time.
  RunFor(absl::Seconds(3), {"b"});
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(core_->counters().detection.probes_failed, 0u);
}

TEST_F(MembershipTest, AStoppedProcessDoesNotLetSuspicionsExpire) {
  KnowMembers({"b"});
  Hear("b", wire::Suspect{1, "b", "c"});
  now_ += absl::Seconds(60);
  core_->OnTimer(now_);
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  Hear("b", Alive("b", 2));
  RunFor(absl::Seconds(10), {"b"});
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
}

// It makes the time shorter than what has passed of it.
TEST_F(MembershipTest, AConfirmationThatComesLateIsNoLateWakeup) {
  GossipOptions options = Quiet();
  options.suspicion.mult = 3;
  Restart(options);
  KnowMembers({"b", "c", "d", "e"});
  Hear("c", wire::Suspect{1, "b", "c"});
  RunFor(absl::Seconds(5), {"b", "c", "d", "e"});  // Over 3 s, not yet 18 s.
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  Hear("d", wire::Suspect{1, "b", "d"});
  RunFor(absl::ZeroDuration());
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_EQ(core_->counters().detection.late_wakeups, 0u);
  EXPECT_EQ(core_->health_score(), 0);
}

TEST_F(MembershipTest, ALoneNodeIsWellAgainInTime) {
  for (int i = 0; i < 3; ++i) {
    now_ = core_->NextDeadline() + absl::Seconds(10);  // It was not run.
    core_->OnTimer(now_);
  }
  ASSERT_GE(core_->health_score(), 2);
  RunFor(options_.probe.interval * 8);
  EXPECT_EQ(core_->health_score(), 0);
}

TEST_F(MembershipTest, OneWhoseMembersAllFailedIsWellAgainInTime) {
  KnowMembers({"b"});
  RunFor(absl::Seconds(20));
  ASSERT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_EQ(core_->health_score(), 0);
}

// Packets.

// Twenty nodes that start together ping each other at once: answers that
// carried the news would use up all of its sends on those that know it.
TEST_F(MembershipTest, AnswersUseUpNoSendOfTheNews) {
  KnowMembers({"b", "c"});
  Hear("b", Alive("b", 2));
  Forget();
  for (uint32_t sequence = 1; sequence <= 100; ++sequence) {
    Hear("c",
         wire::Ping{
             .sequence = sequence, .node = "self", .source = SourceOf("c")});
    Hear("c", Ask("c", /*of=*/"c", sequence));
  }
  EXPECT_THAT(SentOf<wire::Ack>("c"), SizeIs(100));
  EXPECT_THAT(SentOf<wire::Ping>("c"), SizeIs(100));
  EXPECT_THAT(SentOf<wire::Alive>(), IsEmpty());
  RunFor(options_.dissemination.interval);
  EXPECT_THAT(SentOf<wire::Alive>("c"), testing::Contains(Alive("b", 2)));
}

TEST_F(MembershipTest, NewsRideOnProbes) {
  KnowMembers({"b"});
  for (uint32_t news = 2; SentOf<wire::Ping>("b").empty(); ++news) {
    Forget();
    Hear("b", Alive("b", news));
    RunFor(options_.dissemination.interval / 2);
  }
  for (const Sent& sent : sent_) {
    if (!std::holds_alternative<wire::Ping>(sent.messages[0])) continue;
    ASSERT_THAT(sent.messages, SizeIs(2));
    EXPECT_TRUE(std::holds_alternative<wire::Alive>(sent.messages[1]));
  }
}

TEST_F(MembershipTest, PacketsKeepToTheirSize) {
  for (const size_t overhead : {0, 300}) {
    Restart(Quiet());
    core_->SetPacketOverhead(overhead);
    for (uint32_t i = 0; i < 300; ++i) {
      wire::Alive alive = Alive("b");
      alive.node = "node-" + std::to_string(i);
      alive.address = At(100 + i).address.ToBytes();
      alive.meta = Bytes(i, 'x');
      Hear("b", alive);
    }
    RunFor(absl::Seconds(20), {});
    Hear("b", wire::Ping{.sequence = 1});
    size_t largest = 0;
    for (const auto& sent : sent_) {
      largest = std::max(largest, sent.bytes);
      EXPECT_LE(sent.messages.size(), kPartsMax);
    }
    EXPECT_LE(largest + overhead, options_.dissemination.udp_buffer_size);
    EXPECT_GE(largest + overhead, options_.dissemination.udp_buffer_size - 100);
  }
}

TEST_F(MembershipTest, ChecksumsGossipToPeersThatKnowThem) {
  Hear("b", Alive("b", 1, /*protocol_max=*/4));
  Hear("c", Alive("c", 1, /*protocol_max=*/5));
  sent_.clear();
  RunFor(absl::Milliseconds(200));
  int checked = 0;
  for (const auto& sent : sent_) {
    if (std::holds_alternative<wire::Ping>(sent.messages[0])) continue;
    ++checked;
    EXPECT_EQ(sent.checksum, sent.to == AddressOf("c") ? wire::Checksum::kCrc32
                                                       : wire::Checksum::kNone);
  }
  EXPECT_EQ(checked, 2);
}

TEST_F(MembershipTest, GossipsToTheDeadForAWhileAndNotToTheLeft) {
  KnowMembers({"b", "c", "d"});
  Hear("b", wire::Dead{1, "c", "b"});
  Hear("d", wire::Dead{1, "d", "d"});
  RunFor(absl::Seconds(2), {"b"});
  EXPECT_THAT(SentOf<wire::Dead>("c"), testing::Not(IsEmpty()));
  EXPECT_THAT(SentOf<wire::Dead>("d"), IsEmpty());
  RunFor(absl::Seconds(60), {"b"});
  Forget();
  Hear("b", Alive("e"));
  RunFor(absl::Seconds(2), {"b", "e"});
  EXPECT_THAT(SentOf<wire::Alive>("c"), IsEmpty());
  EXPECT_THAT(SentOf<wire::Alive>("b"), testing::Not(IsEmpty()));
}

TEST_F(MembershipTest, RestsWhenThereIsNothingToSay) {
  KnowMembers({"b"});
  RunFor(absl::Seconds(10), {"b"});
  EXPECT_THAT(sent_, SizeIs(10));  // The probes, and no more.
}

TEST_F(MembershipTest, MetaIsLimited) {
  EXPECT_THAT(core_->SetMeta(now_, Bytes(kMetaSizeMax, 'x')), IsOk());
  EXPECT_THAT(core_->SetMeta(now_, Bytes(kMetaSizeMax + 1, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(core_->self().meta.size(), kMetaSizeMax);
}

TEST_F(MembershipTest, NewMetaLeavesAtOnce) {
  KnowMembers({"b", "c", "d", "e", "f"});
  ASSERT_THAT(core_->SetMeta(now_, Bytes{'m'}), IsOk());
  Collect();
  EXPECT_THAT(sent_, SizeIs(options_.dissemination.nodes));
  EXPECT_THAT(SentOf<wire::Alive>(), SizeIs(options_.dissemination.nodes));
  EXPECT_EQ(SentOf<wire::Alive>()[0].meta, Bytes{'m'});
}

TEST_F(MembershipTest, MetaThatChangesAgainWaitsForTheGossipClock) {
  KnowMembers({"b", "c", "d", "e", "f"});
  ASSERT_THAT(core_->SetMeta(now_, Bytes{'1'}), IsOk());
  for (const uint8_t meta : {'2', '3', '4'}) {
    ASSERT_THAT(core_->SetMeta(now_, Bytes{meta}), IsOk());
  }
  Collect();
  EXPECT_THAT(sent_, SizeIs(options_.dissemination.nodes));
  Forget();
  RunFor(options_.dissemination.interval, {"b", "c", "d", "e", "f"});
  ASSERT_THAT(SentOf<wire::Alive>(), testing::Not(IsEmpty()));
  EXPECT_EQ(SentOf<wire::Alive>()[0].meta, Bytes{'4'});
  Forget();
  ASSERT_THAT(core_->SetMeta(now_, Bytes{'5'}), IsOk());
  Collect();
  EXPECT_THAT(sent_, SizeIs(options_.dissemination.nodes));
}

// User messages.

TEST_F(MembershipTest, UserMessageLeavesAtOnceAndABurstOfThemWithTheClock) {
  KnowMembers({"b", "c"});
  for (const uint8_t payload : {'1', '2', '3'}) {
    ASSERT_THAT(core_->QueueUserMessage(now_, Bytes{payload}), IsOk());
  }
  Collect();
  EXPECT_THAT(SentOf<wire::User>("b"), ElementsAre(wire::User{Bytes{'1'}}));
  RunFor(options_.dissemination.interval, {"b", "c"});
  for (const uint8_t payload : {'2', '3'}) {
    EXPECT_THAT(SentOf<wire::User>("b"),
                testing::Contains(wire::User{Bytes{payload}}));
  }
}

TEST_F(MembershipTest, UserMessagesReachEachMemberAsOftenAsAsked) {
  std::vector<std::string> names;
  for (char c = 'b'; c <= 't'; ++c) names.emplace_back(1, c);
  KnowMembers(names);
  Forget();
  ASSERT_THAT(core_->QueueUserMessage(now_, Bytes{'u'}), IsOk());
  RunFor(absl::Seconds(6), names);
  for (const std::string& name : names) {
    EXPECT_THAT(SentOf<wire::User>(name), SizeIs(3)) << name;
  }
}

TEST_F(MembershipTest, UserMessagesKeepTheirBounds) {
  KnowMembers({"b"});
  EXPECT_THAT(core_->QueueUserMessage(now_, Bytes(1300, 'x')), IsOk());
  EXPECT_THAT(core_->QueueUserMessage(now_, Bytes(1400, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  for (size_t i = 1; i < options_.dissemination.user_messages_max; ++i) {
    ASSERT_THAT(core_->QueueUserMessage(now_, Bytes{'u'}), IsOk());
  }
  EXPECT_THAT(core_->QueueUserMessage(now_, Bytes{'u'}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(core_->counters().overflow.user_messages, 1u);
}

TEST_F(MembershipTest, UserDatagramGoesToItsMemberOnce) {
  KnowMembers({"b", "c"});
  ASSERT_THAT(core_->SendUserDatagram("b", Bytes{'u'}), IsOk());
  Collect();
  EXPECT_THAT(SentOf<wire::User>("b"), ElementsAre(wire::User{Bytes{'u'}}));
  EXPECT_EQ(sent_.back().checksum, wire::Checksum::kCrc32);
  RunFor(absl::Seconds(2), {"b", "c"});
  EXPECT_THAT(SentOf<wire::User>(), SizeIs(1));
}

TEST_F(MembershipTest, UserDatagramNamesWhatItCannotDo) {
  KnowMembers({"b"});
  EXPECT_THAT(core_->SendUserDatagram("b", Bytes(1400, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(core_->SendUserDatagram("c", Bytes{'u'}),
              StatusIs(absl::StatusCode::kNotFound));
  Hear("c", wire::Dead{1, "b", "c"});
  EXPECT_THAT(core_->SendUserDatagram("b", Bytes{'u'}),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(SentOf<wire::User>(), IsEmpty());
}

// They are for those who are there; a lonely node's must not fill up for ever.
TEST_F(MembershipTest, UserMessagesOfALonelyNodeAreForNobody) {
  for (size_t i = 0; i < 2 * options_.dissemination.user_messages_max; ++i) {
    ASSERT_THAT(core_->QueueUserMessage(now_, Bytes{'u'}), IsOk()) << i;
    if (i % 1000 == 0) RunFor(options_.dissemination.interval * 3);
  }
  RunFor(options_.dissemination.interval * 3);
  Hear("b", Alive("b"));
  RunFor(absl::Seconds(2), {"b"});
  EXPECT_THAT(SentOf<wire::User>(), IsEmpty());
  EXPECT_GT(SentOf<wire::Alive>("b").size(), 0u);  // News of us waited for it.
}

TEST_F(MembershipTest, HandsOverUserMessages) {
  Hear("b", wire::User{Bytes{'u'}});
  const auto received = EventsOf<UserMessageEvent>();
  ASSERT_THAT(received, SizeIs(1));
  EXPECT_EQ(received[0].payload, Bytes{'u'});
  EXPECT_EQ(received[0].from, AddressOf("b"));
}

}  // namespace
}  // namespace lb::gossip
