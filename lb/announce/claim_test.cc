#include "lb/announce/claim.h"

#include <fmt/format.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::announce {
namespace {

using net::MacAddress;
using ::testing::HasSubstr;

const absl::Time kStart = absl::UnixEpoch() + absl::Seconds(1000);
constexpr MacAddress kB = {{2, 0, 0, 0, 0, 0xb}};
constexpr MacAddress kC = {{2, 0, 0, 0, 0, 0xc}};

std::string Name(const Claim::Step& step) {
  static constexpr const char* kMoves[] = {
      "none",      "announce", "try",   "end probes", "announce once",
      "try first", "probe",    "watch", "keep quiet", "silence"};
  std::string name = kMoves[static_cast<size_t>(step.move)];
  if (step.report) name += fmt::format(" ({})", ToString(*step.report));
  return name;
}

// A claim and the clock of its world.
class ClaimTest : public ::testing::Test {
 protected:
  std::string Begin(Role role) { return Name(claim_.Begin(now_, role)); }
  std::string Hear(const MacAddress& mac, Precedence precedence,
                   RivalSign sign = RivalSign::kClaims) {
    return Name(claim_.OnRival(now_, {mac, sign, precedence}));
  }
  std::string Foreign() { return Hear(kB, Precedence::kForeign); }
  std::string Lesser() { return Hear(kB, Precedence::kOurs); }
  std::string Greater() { return Hear(kB, Precedence::kTheirs); }
  std::string Probe() { return Name(claim_.OnProbe(now_)); }
  void Wait(absl::Duration duration) { now_ += duration; }
  // Goes to the claim's deadline.
  std::string Meet() {
    EXPECT_NE(claim_.deadline(), absl::InfiniteFuture());
    now_ = std::max(now_, claim_.deadline());
    return Name(claim_.OnDeadline(now_));
  }
  // Sends all its probes and waits for answers.
  std::string ProbeInPeace() {
    while (claim_.deadline() == absl::InfiniteFuture()) Probe();
    return Meet();
  }
  absl::Duration ToDeadline() const { return claim_.deadline() - now_; }

  ClaimOptions options_;
  Claim claim_{&options_};
  absl::Time now_ = kStart;
};

TEST_F(ClaimTest, AnnouncesOnTrialAfterOneUnansweredProbe) {
  EXPECT_EQ(Begin(Role::kProbeFirst), "probe");
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(ToDeadline(), absl::Milliseconds(60));
  Wait(absl::Milliseconds(50));
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(ToDeadline(), absl::Milliseconds(10));
  EXPECT_EQ(claim_.state(), ClaimState::kProbing);
  EXPECT_EQ(Meet(), "try");
  EXPECT_EQ(claim_.state(), ClaimState::kAnnouncing);
  EXPECT_TRUE(claim_.on_trial());
  Wait(absl::Milliseconds(40));
  EXPECT_EQ(Probe(), "end probes");
  EXPECT_FALSE(claim_.on_trial());
}

TEST_F(ClaimTest, AForeignAnswerToALaterProbeWithdrawsTheAddress) {
  for (const int probes : {1, 2, 3}) {
    SCOPED_TRACE(probes);
    Begin(Role::kProbeFirst);
    Probe();
    Meet();
    for (int i = 1; i < probes; ++i) Probe();
    Wait(options_.probe_wait - absl::Nanoseconds(1));
    EXPECT_EQ(Foreign(), "silence (withheld)");
    EXPECT_EQ(claim_.state(), ClaimState::kConflicted);
    EXPECT_FALSE(claim_.on_trial());
    Wait(options_.defend_interval);  // It is reported each time.
  }
}

TEST_F(ClaimTest, AForeignClaimAfterTheTrialIsAConflict) {
  Begin(Role::kProbeFirst);
  Probe();
  Meet();
  Probe();
  Probe();
  Wait(options_.probe_wait);
  EXPECT_EQ(Foreign(), "announce once (defended)");
}

// A host that begins to probe while this node announces is answered, and leaves
// the address.
TEST_F(ClaimTest, AProbeOfAForeignHostEndsNoTrial) {
  Begin(Role::kProbeFirst);
  Probe();
  Meet();
  EXPECT_EQ(Hear(kC, Precedence::kForeign, RivalSign::kProbes), "none");
  EXPECT_TRUE(claim_.on_trial());
}

TEST_F(ClaimTest, AnAddressOfAMomentAgoIsAnnouncedWhileItIsProbedFor) {
  EXPECT_EQ(Name(claim_.BeginOnTrial(now_)), "try first");
  EXPECT_EQ(claim_.state(), ClaimState::kAnnouncing);
  EXPECT_TRUE(claim_.on_trial());
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Probe(), "end probes");
  EXPECT_FALSE(claim_.on_trial());
  Wait(options_.probe_wait);
  EXPECT_EQ(Foreign(), "announce once (defended)");
}

TEST_F(ClaimTest, AForeignAnswerToAnyOfThoseProbesWithdrawsIt) {
  for (const int probes : {0, 1, 2, 3}) {
    SCOPED_TRACE(probes);
    claim_.Rest(now_);
    claim_.BeginOnTrial(now_);
    for (int i = 0; i < probes; ++i) Probe();
    Wait(options_.probe_wait - absl::Nanoseconds(1));
    EXPECT_EQ(Foreign(), "silence (withheld)");
    EXPECT_EQ(claim_.state(), ClaimState::kConflicted);
    Wait(options_.defend_interval);  // It is reported each time.
  }
}

TEST_F(ClaimTest, OneThatAwaitsItsDeliveryIsProbedForInSilence) {
  claim_.SetDelivered(now_, false);
  EXPECT_EQ(Name(claim_.BeginOnTrial(now_)), "probe");
  EXPECT_EQ(claim_.state(), ClaimState::kAwaiting);
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Name(claim_.SetDelivered(now_, true)), "try");
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Probe(), "end probes");
}

TEST_F(ClaimTest, IsUndisputedWhileNoOtherHasClaimedTheAddress) {
  Begin(Role::kProbeFirst);
  EXPECT_FALSE(claim_.IsUndisputed(now_));
  Probe();
  Meet();
  EXPECT_FALSE(claim_.IsUndisputed(now_));  // On trial.
  Probe();
  Probe();
  EXPECT_FALSE(claim_.IsUndisputed(now_));
  Wait(options_.probe_wait);
  EXPECT_TRUE(claim_.IsUndisputed(now_));
  Foreign();
  EXPECT_FALSE(claim_.IsUndisputed(now_));
  Wait(options_.defend_interval);
  EXPECT_TRUE(claim_.IsUndisputed(now_));
  Lesser();
  EXPECT_FALSE(claim_.IsUndisputed(now_));
  Wait(options_.defend_interval);
  EXPECT_TRUE(claim_.IsUndisputed(now_));
  claim_.HandOver(now_);
  EXPECT_FALSE(claim_.IsUndisputed(now_));
}

TEST_F(ClaimTest, MembersAreMetOnTrialAsAlways) {
  Begin(Role::kProbeFirst);
  Probe();
  Meet();
  EXPECT_EQ(Lesser(), "announce once");
  EXPECT_EQ(Greater(), "watch");
  EXPECT_FALSE(claim_.on_trial());
}

TEST_F(ClaimTest, ATrialGoesOnWhileTheAddressAwaitsItsDelivery) {
  claim_.SetDelivered(now_, false);
  Begin(Role::kProbeFirst);
  Probe();
  EXPECT_EQ(Meet(), "none");  // Silent, and the probes go on.
  EXPECT_EQ(claim_.state(), ClaimState::kAwaiting);
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Name(claim_.SetDelivered(now_, true)), "try");
  EXPECT_EQ(Probe(), "end probes");

  claim_.SetDelivered(now_, false);
  Begin(Role::kProbeFirst);
  Probe();
  Meet();
  EXPECT_EQ(Foreign(), "silence (withheld)");
}

TEST_F(ClaimTest, AnUndeliveredAddressEndsItsTrial) {
  Begin(Role::kProbeFirst);
  Probe();
  Meet();
  EXPECT_EQ(Name(claim_.SetDelivered(now_, false)), "silence");
  EXPECT_FALSE(claim_.on_trial());
  EXPECT_EQ(Name(claim_.SetDelivered(now_, true)), "announce");
}

// It had the address a moment ago, and may answer slowly.
TEST_F(ClaimTest, NoTrialAgainstAForeignHostThatHadTheAddress) {
  Begin(Role::kProbeFirst);
  Foreign();
  EXPECT_EQ(Meet(), "probe");
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(claim_.deadline(), absl::InfiniteFuture());
  EXPECT_EQ(Probe(), "end probes");
  EXPECT_EQ(ToDeadline(), options_.probe_wait);
  EXPECT_EQ(Meet(), "announce (taken_back)");
}

TEST_F(ClaimTest, AForeignOwnerAtProbeIsTriedAgainAtTheRatesOfRfc5227) {
  EXPECT_EQ(Begin(Role::kProbeFirst), "probe");
  for (int conflict = 1; conflict <= 13; ++conflict) {
    SCOPED_TRACE(conflict);
    Probe();
    EXPECT_EQ(Foreign(), "silence (withheld)");
    EXPECT_EQ(claim_.rival(), kB);
    EXPECT_EQ(ToDeadline(), absl::Seconds(conflict > 10 ? 60 : 10));
    EXPECT_EQ(Foreign(), "none");  // Goes on.
    EXPECT_EQ(Greater(), "none");
    EXPECT_EQ(Meet(), "probe");
  }
  // Once it had the address, it counts from the start.
  EXPECT_EQ(ProbeInPeace(), "announce (taken_back)");
  Begin(Role::kProbeFirst);
  Foreign();
  EXPECT_EQ(ToDeadline(), absl::Seconds(10));
}

TEST_F(ClaimTest, AConflictEndsProbingWhicheverSignItHas) {
  for (const RivalSign sign : {RivalSign::kClaims, RivalSign::kProbes}) {
    Begin(Role::kProbeFirst);
    Hear(kC, Precedence::kForeign, sign);
    EXPECT_EQ(claim_.state(), ClaimState::kConflicted);
    Begin(Role::kProbeFirst);
    EXPECT_EQ(Hear(kC, Precedence::kTheirs, sign), "watch");
  }
}

// If two members probe at once, one goes on.
TEST_F(ClaimTest, AProbingMemberThatMustYieldIsIgnored) {
  Begin(Role::kProbeFirst);
  EXPECT_EQ(Hear(kC, Precedence::kOurs, RivalSign::kProbes), "none");
  EXPECT_EQ(claim_.state(), ClaimState::kProbing);
  // But if it announces, no foreign host has it.
  EXPECT_EQ(Lesser(), "announce");
}

TEST_F(ClaimTest, ProbesOfOthersAreNoConflictOnceAnnounced) {
  Begin(Role::kAnnounce);
  for (const Precedence precedence :
       {Precedence::kForeign, Precedence::kOurs, Precedence::kTheirs}) {
    EXPECT_EQ(Hear(kC, precedence, RivalSign::kProbes), "none");
  }
  EXPECT_EQ(claim_.state(), ClaimState::kAnnouncing);
}

TEST_F(ClaimTest, DefendsAgainstForeignersOncePerInterval) {
  EXPECT_EQ(Begin(Role::kAnnounce), "announce");
  EXPECT_EQ(Foreign(), "announce once (defended)");
  Wait(absl::Milliseconds(9999));
  EXPECT_EQ(Foreign(), "none");
  Wait(absl::Milliseconds(1));
  EXPECT_EQ(Foreign(), "announce once (defended)");
  EXPECT_EQ(claim_.state(), ClaimState::kAnnouncing);
}

TEST_F(ClaimTest, InsistsOncePerSecondAndReportsWhatLasts) {
  Begin(Role::kAnnounce);
  EXPECT_EQ(Lesser(), "announce once");
  Wait(absl::Milliseconds(399));
  EXPECT_EQ(Lesser(), "none");
  Wait(absl::Milliseconds(1));
  EXPECT_EQ(Lesser(), "none (defended)");
  Wait(absl::Milliseconds(600));
  EXPECT_EQ(Lesser(), "announce once");
  Wait(absl::Milliseconds(9400));
  EXPECT_EQ(Lesser(), "announce once (defended)");
}

// Two rounds cross, and clients may have heard the rival's last: it has yielded
// and says nothing more.
TEST_F(ClaimTest, HasTheLastWordAgainstAMember) {
  Begin(Role::kAnnounce);
  EXPECT_EQ(Lesser(), "announce once");
  EXPECT_EQ(claim_.deadline(), absl::InfiniteFuture());
  Wait(absl::Milliseconds(1));
  EXPECT_EQ(Lesser(), "none");
  Wait(absl::Milliseconds(1));
  EXPECT_EQ(Lesser(), "none");
  EXPECT_EQ(Meet(), "announce once");
  EXPECT_EQ(now_, kStart + absl::Seconds(1));
  EXPECT_EQ(claim_.deadline(), absl::InfiniteFuture());
  // That was one in its time, too.
  Wait(absl::Milliseconds(999));
  EXPECT_EQ(Lesser(), "none (defended)");
  EXPECT_EQ(ToDeadline(), absl::Milliseconds(1));
  Greater();
  EXPECT_EQ(ToDeadline(), options_.member_grace);
}

TEST_F(ClaimTest, HasTheLastWordAgainstAForeigner) {
  Begin(Role::kAnnounce);
  EXPECT_EQ(Foreign(), "announce once (defended)");
  EXPECT_EQ(Foreign(), "none");
  EXPECT_EQ(Meet(), "announce once");
  EXPECT_EQ(now_, kStart + absl::Seconds(10));
  EXPECT_EQ(Hear(kB, Precedence::kOurs, RivalSign::kYields), "none");
  EXPECT_EQ(claim_.deadline(), absl::InfiniteFuture());
}

// As in each planned move: the old owner answers a last question.
TEST_F(ClaimTest, AShortContestWithAMemberIsNotReported) {
  Begin(Role::kAnnounce);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Lesser(), "announce once");
    Wait(absl::Milliseconds(10001));  // The next one is another contest.
  }
}

TEST_F(ClaimTest, TheWinnerHearsOfItFromTheOneThatYields) {
  Begin(Role::kAnnounce);
  EXPECT_EQ(Hear(kB, Precedence::kOurs, RivalSign::kYields), "none");
  Wait(absl::Milliseconds(500));
  EXPECT_EQ(Hear(kB, Precedence::kOurs, RivalSign::kYields),
            "none (rival_yields)");
  EXPECT_EQ(claim_.rival(), kB);
  // Others may ask us alone too.
  EXPECT_EQ(Hear(kC, Precedence::kForeign, RivalSign::kYields), "none");
  EXPECT_EQ(Hear(kC, Precedence::kTheirs, RivalSign::kYields), "none");
  EXPECT_EQ(claim_.state(), ClaimState::kAnnouncing);
}

// A member's MAC can be forged; the log must not grow by each frame.
TEST_F(ClaimTest, AlternatingSignsAreReportedOncePerIntervalEach) {
  Begin(Role::kAnnounce);
  int reports = 0;
  for (int i = 0; i < 10000; ++i) {
    Wait(absl::Milliseconds(1));
    const RivalSign sign = i % 2 == 0 ? RivalSign::kClaims : RivalSign::kYields;
    const Claim::Step step =
        claim_.OnRival(now_, {kB, sign, Precedence::kOurs});
    if (step.report) ++reports;
  }
  EXPECT_EQ(reports, 2);
}

TEST_F(ClaimTest, YieldsAtOnceAndTakesBackWhatTheRivalLeaves) {
  Begin(Role::kAnnounce);
  EXPECT_EQ(Greater(), "watch");
  EXPECT_EQ(claim_.state(), ClaimState::kYielded);
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Meet(), "none (yielded)");
  EXPECT_EQ(now_, kStart + absl::Milliseconds(400));
  EXPECT_EQ(claim_.deadline(), absl::InfiniteFuture());
  EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Greater(), "none");  // It answers: the count begins again.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Probe(), "announce (taken_back)");
  EXPECT_EQ(claim_.rival(), kB);
}

TEST_F(ClaimTest, AShortYieldIsNotReported) {
  Begin(Role::kAnnounce);
  Greater();
  EXPECT_EQ(Name(claim_.HandOver(now_)), "silence");
  EXPECT_EQ(claim_.state(), ClaimState::kHandedOver);
  EXPECT_EQ(claim_.deadline(), absl::InfiniteFuture());
}

// Both were elected at once, and the one that goes first died while it probed:
// no host has ever had the address.
TEST_F(ClaimTest, ProbesAgainIfTheRivalHadOnlyProbed) {
  Begin(Role::kProbeFirst);
  EXPECT_EQ(Hear(kB, Precedence::kTheirs, RivalSign::kProbes), "watch");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Probe(), "none");
  EXPECT_EQ(Probe(), "probe");
  EXPECT_EQ(ProbeInPeace(), "announce (taken_back)");

  Begin(Role::kProbeFirst);
  Hear(kB, Precedence::kTheirs, RivalSign::kProbes);
  EXPECT_EQ(Name(claim_.Retry(now_)), "probe");

  Begin(Role::kProbeFirst);
  Hear(kB, Precedence::kTheirs, RivalSign::kProbes);
  EXPECT_EQ(Greater(), "none");  // Now it has it.
  EXPECT_EQ(Name(claim_.Retry(now_)), "announce");
}

TEST_F(ClaimTest, OnlyTheRivalThatItYieldedToCanGiveBack) {
  Begin(Role::kAnnounce);
  Greater();
  Probe();
  Probe();
  Probe();
  EXPECT_EQ(Hear(kC, Precedence::kOurs), "none");
  EXPECT_EQ(Hear(kC, Precedence::kForeign), "none");
  EXPECT_EQ(claim_.rival(), kB);
  EXPECT_EQ(Hear(kC, Precedence::kTheirs), "none");
  EXPECT_EQ(claim_.rival(), kC);
  EXPECT_EQ(Probe(), "none");  // It has three of its own to miss.
  EXPECT_EQ(Hear(kC, Precedence::kOurs), "announce");
}

TEST_F(ClaimTest, RetryEndsAYieldAndAWithholding) {
  Begin(Role::kAnnounce);
  EXPECT_EQ(Name(claim_.Retry(now_)), "none");
  Greater();
  EXPECT_EQ(Name(claim_.Retry(now_)), "announce");
  Begin(Role::kProbeFirst);
  EXPECT_EQ(Name(claim_.Retry(now_)), "none");
  Foreign();
  EXPECT_EQ(Name(claim_.Retry(now_)), "probe");
}

TEST_F(ClaimTest, HandingOverEndsWithAnyClaim) {
  for (const Precedence precedence :
       {Precedence::kForeign, Precedence::kOurs, Precedence::kTheirs}) {
    Begin(Role::kAnnounce);
    EXPECT_EQ(Name(claim_.HandOver(now_)), "keep quiet");
    EXPECT_EQ(Hear(kB, precedence, RivalSign::kProbes), "none");
    EXPECT_EQ(Hear(kB, precedence, RivalSign::kYields), "none");
    EXPECT_EQ(Hear(kB, precedence), "silence");
    EXPECT_EQ(claim_.state(), ClaimState::kHandedOver);
    EXPECT_EQ(Hear(kB, precedence), "none");
  }
  EXPECT_EQ(Begin(Role::kHandOver), "keep quiet");
  EXPECT_EQ(claim_.state(), ClaimState::kHandingOver);
}

// Else both answered until the new owner's next round, 100 ms later.
TEST_F(ClaimTest, HandingOverIsOverIfTheNewOwnerWasHeardBefore) {
  Begin(Role::kAnnounce);
  EXPECT_EQ(Lesser(), "announce once");
  Wait(options_.member_grace - absl::Milliseconds(1));
  EXPECT_EQ(Name(claim_.HandOver(now_)), "silence");
  EXPECT_EQ(claim_.state(), ClaimState::kHandedOver);
  // A member that has yielded is no new owner, nor is one that was heard long
  // ago.
  Begin(Role::kAnnounce);
  Wait(absl::Milliseconds(1));
  Hear(kB, Precedence::kOurs, RivalSign::kYields);
  EXPECT_EQ(Name(claim_.HandOver(now_)), "keep quiet");
}

TEST(ValidateClaimOptionsTest, NamesWhatIsWrong) {
  EXPECT_THAT(Validate(ClaimOptions{}), IsOk());
  const struct {
    void (*change)(ClaimOptions&);
    const char* message;
  } kCases[] = {
      {[](ClaimOptions& o) { o.probe_count = 0; }, "probe_count 0, want"},
      {[](ClaimOptions& o) { o.conflicts_max = 0; }, "conflicts_max 0"},
      {[](ClaimOptions& o) { o.watch_count = -1; }, "watch_count -1"},
      {[](ClaimOptions& o) { o.probe_interval = {}; }, "probe_interval 0, "},
      {[](ClaimOptions& o) { o.probe_wait = {}; }, "probe_wait 0"},
      {[](ClaimOptions& o) { o.retry_interval = {}; }, "retry_interval 0"},
      {[](ClaimOptions& o) { o.rate_limit_interval = {}; }, "rate_limit_inter"},
      {[](ClaimOptions& o) { o.await_max = {}; }, "await_max"},
      {[](ClaimOptions& o) { o.defend_interval = {}; }, "defend_interval 0"},
      {[](ClaimOptions& o) { o.insist_interval = {}; }, "insist_interval 0"},
      {[](ClaimOptions& o) { o.watch_interval = {}; }, "watch_interval 0"},
      {[](ClaimOptions& o) { o.member_grace = absl::Microseconds(999); },
       "member_grace 999us, want at least 1ms"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.message);
    ClaimOptions options;
    test.change(options);
    EXPECT_THAT(Validate(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr(test.message)));
  }
}

}  // namespace
}  // namespace lb::announce
