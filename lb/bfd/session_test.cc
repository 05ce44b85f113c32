#include "lb/bfd/session.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"

namespace lb::bfd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::Duration Ms(int64_t count) { return absl::Milliseconds(count); }

// One session of ours; the test is the peer, and owns the clock.
class SessionTest : public testing::Test {
 protected:
  static constexpr uint32_t kOwn = 7;
  static constexpr uint32_t kPeer = 9;

  // 50 ms, multiplier 3, at both ends.
  static SessionOptions Fast() {
    return {.desired_min_tx = Ms(50), .required_min_rx = Ms(50)};
  }
  static ControlPacket FromPeer(State state) {
    return {.state = state,
            .detect_multiplier = 3,
            .my_discriminator = kPeer,
            .your_discriminator = kOwn,
            .desired_min_tx = state == State::kUp ? Ms(50) : absl::Seconds(1),
            .required_min_rx = Ms(50)};
  }

  void Start(const SessionOptions& options = Fast()) {
    session_.emplace(options, kOwn, Prng(1), now_);
    session_->OnTimer(now_);
  }
  void StartUp(const SessionOptions& options = Fast()) {
    Start(options);
    Hear(FromPeer(State::kDown));
    Hear(FromPeer(State::kUp));
    ControlPacket final = FromPeer(State::kUp);
    final.final = true;
    Hear(final);
    EXPECT_EQ(session_->state(), State::kUp);
    EXPECT_FALSE(session_->status().polling);
    session_->TakeOutgoing();
    session_->TakeChanges();
  }
  void Hear(const ControlPacket& packet) {
    session_->OnPacket(now_, now_, packet);
  }
  // Lets the time pass; the timer fires exactly.
  void RunFor(absl::Duration time) {
    const absl::Time end = now_ + time;
    while (session_->NextDeadline() <= end) {
      now_ = session_->NextDeadline();
      session_->OnTimer(now_);
      for (const ControlPacket& packet : session_->TakeOutgoing()) {
        sent_.emplace_back(now_, packet);
      }
    }
    now_ = end;
  }
  // A peer that is heard every 50 ms meanwhile.
  void RunHearing(absl::Duration time) {
    for (const absl::Time end = now_ + time; now_ < end;) {
      RunFor(Ms(50));
      Hear(FromPeer(State::kUp));
    }
  }
  ControlPacket TakeOne() {
    const std::vector<ControlPacket> packets = session_->TakeOutgoing();
    EXPECT_THAT(packets, SizeIs(1));
    return packets.empty() ? ControlPacket() : packets.back();
  }

  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  std::optional<Session> session_;
  std::vector<std::pair<absl::Time, ControlPacket>> sent_;
};

TEST_F(SessionTest, TheFirstPacketLeavesAtOnceAndOthersOnceASecond) {
  Start();
  EXPECT_EQ(TakeOne(), (ControlPacket{.state = State::kDown,
                                      .detect_multiplier = 3,
                                      .my_discriminator = kOwn,
                                      .desired_min_tx = absl::Seconds(1),
                                      .required_min_rx = Ms(50)}));
  absl::Time before = now_;
  RunFor(absl::Seconds(60));
  EXPECT_GE(sent_.size(), 60u);
  EXPECT_LE(sent_.size(), 80u);
  for (const auto& [at, packet] : sent_) {
    EXPECT_GE(at - before, Ms(750));
    EXPECT_LE(at - before, Ms(1000));
    before = at;
  }
}

TEST_F(SessionTest, ComesUpByThreeMessagesAndPolls) {
  Start();
  session_->TakeOutgoing();
  Hear(FromPeer(State::kDown));
  ControlPacket sent = TakeOne();  // At once: it is news.
  EXPECT_EQ(sent.state, State::kInit);
  EXPECT_EQ(sent.your_discriminator, kPeer);
  EXPECT_FALSE(sent.poll);
  Hear(FromPeer(State::kInit));
  sent = TakeOne();
  EXPECT_EQ(sent.state, State::kUp);
  EXPECT_TRUE(sent.poll);
  EXPECT_EQ(sent.desired_min_tx, Ms(50));
  EXPECT_THAT(session_->TakeChanges(), ElementsAre(SessionChange::kUp));
  EXPECT_EQ(session_->status().transmit_interval, Ms(50));
  EXPECT_EQ(session_->status().counters.session_up_events, 1u);
  RunFor(Ms(50));
  EXPECT_TRUE(sent_.back().second.poll);  // Until it is answered.
  ControlPacket final = FromPeer(State::kUp);
  final.final = true;
  Hear(final);
  RunFor(Ms(50));
  EXPECT_FALSE(sent_.back().second.poll);
}

TEST_F(SessionTest, APollIsAnsweredAtOnceWithoutAPoll) {
  Start();
  Hear(FromPeer(State::kDown));
  session_->TakeOutgoing();
  const absl::Time deadline = session_->NextDeadline();
  ControlPacket poll = FromPeer(State::kUp);
  poll.poll = true;
  Hear(poll);
  // The news of being Up, and the answer.
  const std::vector<ControlPacket> sent = session_->TakeOutgoing();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_TRUE(sent[0].poll && !sent[0].final);
  EXPECT_TRUE(sent[1].final && !sent[1].poll);
  EXPECT_NE(session_->NextDeadline(), deadline);
  const absl::Time next = session_->NextDeadline();
  Hear(poll);
  EXPECT_TRUE(TakeOne().final);
  EXPECT_EQ(session_->NextDeadline(), next);  // Outside the pacing.
}

TEST_F(SessionTest, SilenceIsDetectedAfterThePeersMultiplier) {
  StartUp();
  RunFor(Ms(150) - absl::Nanoseconds(1));
  EXPECT_EQ(session_->state(), State::kUp);
  EXPECT_EQ(session_->status().detection_time, Ms(150));
  sent_.clear();
  RunFor(absl::Nanoseconds(1));
  EXPECT_EQ(session_->state(), State::kDown);
  EXPECT_EQ(session_->diagnostic(), Diagnostic::kDetectionExpired);
  EXPECT_THAT(session_->TakeChanges(), ElementsAre(SessionChange::kPeerFailed));
  // The peer hears of it at once, and by a packet that names no session.
  ASSERT_FALSE(sent_.empty());
  EXPECT_EQ(sent_[0].second.state, State::kDown);
  EXPECT_EQ(sent_[0].second.diagnostic, Diagnostic::kDetectionExpired);
  EXPECT_EQ(sent_[0].second.your_discriminator, 0u);
  EXPECT_EQ(sent_[0].second.desired_min_tx, absl::Seconds(1));
  EXPECT_EQ(session_->status().counters.session_down_events, 1u);
}

TEST_F(SessionTest, WhatNeverWasUpHasNotFailed) {
  Start();
  Hear(FromPeer(State::kDown));
  EXPECT_EQ(session_->state(), State::kInit);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(session_->state(), State::kDown);
  EXPECT_EQ(session_->diagnostic(), Diagnostic::kDetectionExpired);
  EXPECT_THAT(session_->TakeChanges(), IsEmpty());
  EXPECT_EQ(session_->status().counters.session_down_events, 0u);
}

TEST_F(SessionTest, APeerThatSaysDownHasFailed) {
  StartUp();
  Hear(FromPeer(State::kDown));
  EXPECT_EQ(session_->diagnostic(), Diagnostic::kNeighborSignaledDown);
  EXPECT_THAT(session_->TakeChanges(), ElementsAre(SessionChange::kPeerFailed));
  // It keeps the peer's discriminator, for the detection time.
  EXPECT_EQ(TakeOne().your_discriminator, kPeer);
  RunFor(absl::Seconds(3));
  EXPECT_EQ(session_->status().peer_discriminator, 0u);
  EXPECT_EQ(session_->diagnostic(), Diagnostic::kNeighborSignaledDown);
}

TEST_F(SessionTest, APeersAdministratorIsNoFailure) {
  StartUp();
  Hear(FromPeer(State::kAdminDown));
  EXPECT_EQ(session_->state(), State::kDown);
  EXPECT_THAT(session_->TakeChanges(),
              ElementsAre(SessionChange::kPeerAdminDown));
  Hear(FromPeer(State::kAdminDown));
  Hear(FromPeer(State::kUp));  // From before; it does not count.
  EXPECT_EQ(session_->state(), State::kDown);
  EXPECT_THAT(session_->TakeChanges(), IsEmpty());
}

TEST_F(SessionTest, TheOwnAdministratorMayEndAndBeginIt) {
  StartUp();
  SessionOptions options = Fast();
  options.admin_down = true;
  session_->SetOptions(now_, options);
  ControlPacket sent = TakeOne();
  EXPECT_EQ(sent.state, State::kAdminDown);
  EXPECT_EQ(sent.diagnostic, Diagnostic::kAdministrativelyDown);
  EXPECT_THAT(session_->TakeChanges(), ElementsAre(SessionChange::kDisabled));
  ControlPacket poll = FromPeer(State::kDown);
  poll.poll = true;
  Hear(poll);  // Changes nothing, and has no answer.
  EXPECT_EQ(session_->state(), State::kAdminDown);
  EXPECT_THAT(session_->TakeOutgoing(), IsEmpty());
  session_->SetOptions(now_, Fast());
  EXPECT_EQ(TakeOne().state, State::kDown);
  Hear(FromPeer(State::kInit));
  EXPECT_EQ(session_->state(), State::kUp);
}

TEST_F(SessionTest, APassiveEndWaitsForThePeer) {
  SessionOptions options = Fast();
  options.passive = true;
  Start(options);
  RunFor(absl::Seconds(10));
  EXPECT_THAT(sent_, IsEmpty());
  Hear(FromPeer(State::kDown));
  EXPECT_EQ(TakeOne().state, State::kInit);
  RunFor(absl::Seconds(10));  // The peer is silent again.
  sent_.clear();
  RunFor(absl::Seconds(10));
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(SessionTest, APeerThatTakesNoPacketsGetsAnswersOnly) {
  StartUp();
  ControlPacket packet = FromPeer(State::kUp);
  packet.required_min_rx = absl::ZeroDuration();
  Hear(packet);
  RunFor(Ms(149));
  EXPECT_THAT(sent_, IsEmpty());
  packet.poll = true;
  Hear(packet);
  EXPECT_TRUE(TakeOne().final);
  packet.required_min_rx = Ms(50);
  packet.poll = false;
  Hear(packet);
  RunFor(Ms(50));
  EXPECT_FALSE(sent_.empty());
}

TEST_F(SessionTest, SlowerPacketsWaitForThePeersConsent) {
  StartUp();
  SessionOptions slow = Fast();
  slow.desired_min_tx = Ms(300);
  session_->SetOptions(now_, slow);
  const ControlPacket sent = TakeOne();
  EXPECT_TRUE(sent.poll);
  EXPECT_EQ(sent.desired_min_tx, Ms(300));
  EXPECT_EQ(session_->status().transmit_interval, Ms(50));
  RunHearing(Ms(500));
  EXPECT_EQ(session_->status().transmit_interval, Ms(50));
  ControlPacket final = FromPeer(State::kUp);
  final.final = true;
  Hear(final);
  EXPECT_EQ(session_->status().transmit_interval, Ms(300));
  EXPECT_EQ(session_->state(), State::kUp);
}

TEST_F(SessionTest, FasterPacketsNeedNoConsent) {
  SessionOptions slow = Fast();
  slow.desired_min_tx = Ms(300);
  StartUp(slow);
  session_->SetOptions(now_, Fast());
  EXPECT_TRUE(TakeOne().poll);
  EXPECT_EQ(session_->status().transmit_interval, Ms(50));
  RunFor(Ms(50));
  EXPECT_FALSE(sent_.empty());
}

TEST_F(SessionTest, ShorterDetectionWaitsForThePeersConsent) {
  SessionOptions slow = Fast();
  slow.required_min_rx = Ms(300);
  StartUp(slow);
  EXPECT_EQ(session_->status().detection_time, Ms(900));
  session_->SetOptions(now_, Fast());
  EXPECT_EQ(session_->status().detection_time, Ms(900));
  EXPECT_EQ(TakeOne().required_min_rx, Ms(50));
  ControlPacket final = FromPeer(State::kUp);
  final.final = true;
  Hear(final);
  EXPECT_EQ(session_->status().detection_time, Ms(150));
  // Longer needs none.
  session_->SetOptions(now_, slow);
  EXPECT_EQ(session_->status().detection_time, Ms(900));
  RunFor(Ms(899));
  EXPECT_EQ(session_->state(), State::kUp);
}

TEST_F(SessionTest, AnotherMultiplierIsSentWithoutAPoll) {
  StartUp();
  SessionOptions options = Fast();
  options.detect_multiplier = 5;
  session_->SetOptions(now_, options);
  const ControlPacket sent = TakeOne();
  EXPECT_EQ(sent.detect_multiplier, 5);
  EXPECT_FALSE(sent.poll);
  session_->SetOptions(now_, options);  // The same again says nothing.
  EXPECT_THAT(session_->TakeOutgoing(), IsEmpty());
}

TEST_F(SessionTest, APacketCountsFromItsArrival) {
  StartUp();
  now_ += Ms(140);
  session_->OnPacket(now_, now_ - Ms(100), FromPeer(State::kUp));
  EXPECT_EQ(session_->silent_at(), now_ + Ms(50));
  // One that came earlier, and is read later, changes nothing.
  session_->OnPacket(now_, now_ - Ms(120), FromPeer(State::kUp));
  EXPECT_EQ(session_->silent_at(), now_ + Ms(50));
}

// The timer is late by more than an interval: the loop did not run.
TEST_F(SessionTest, ALateCallerGivesThePeerItsTimeOnceMore) {
  StartUp();
  now_ += Ms(150 + 51);
  session_->OnTimer(now_);
  EXPECT_EQ(session_->state(), State::kUp);
  EXPECT_EQ(session_->status().counters.late_judgements, 1u);
  EXPECT_EQ(session_->silent_at(), now_ + Ms(150));
  // Late again: it is silent all the same.
  now_ += Ms(1000);
  session_->OnTimer(now_);
  EXPECT_EQ(session_->state(), State::kDown);
}

TEST_F(SessionTest, ALittleLateIsNotLate) {
  StartUp();
  now_ += Ms(150 + 49);
  session_->OnTimer(now_);
  EXPECT_EQ(session_->state(), State::kDown);
}

TEST_F(SessionTest, APeerThatIsHeardAgainHasItsTimeOnceMoreAgain) {
  StartUp();
  for (int i = 0; i < 3; ++i) {
    now_ += absl::Seconds(5);
    session_->OnTimer(now_);
    EXPECT_EQ(session_->state(), State::kUp);
    Hear(FromPeer(State::kUp));
  }
  EXPECT_EQ(session_->status().counters.late_judgements, 3u);
}

TEST_F(SessionTest, APeerThatStartsAgainIsTakenWithItsNewDiscriminator) {
  StartUp();
  ControlPacket fresh = FromPeer(State::kDown);
  fresh.my_discriminator = 10;
  fresh.your_discriminator = 0;
  Hear(fresh);
  EXPECT_EQ(session_->state(), State::kDown);
  EXPECT_EQ(TakeOne().your_discriminator, 10u);
  Hear(fresh);
  EXPECT_EQ(session_->state(), State::kInit);
}

TEST_F(SessionTest, StatusHasWhatThePeerSaid) {
  StartUp();
  ControlPacket packet = FromPeer(State::kUp);
  packet.diagnostic = Diagnostic::kPathDown;
  packet.detect_multiplier = 4;
  packet.desired_min_tx = Ms(100);
  Hear(packet);
  const SessionStatus status = session_->status();
  EXPECT_EQ(status.peer_state, State::kUp);
  EXPECT_EQ(status.peer_diagnostic, Diagnostic::kPathDown);
  EXPECT_EQ(status.peer_detect_multiplier, 4);
  EXPECT_EQ(status.peer_discriminator, kPeer);
  EXPECT_EQ(status.discriminator, kOwn);
  EXPECT_EQ(status.receive_interval, Ms(100));
  EXPECT_EQ(status.detection_time, Ms(400));
  EXPECT_EQ(status.since, now_);
  EXPECT_EQ(status.counters.control_packet_input, 4u);
}

}  // namespace
}  // namespace lb::bfd
