#include "lb/kubernetes/lease_election.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/testing/json_edit.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using testing::HasSubstr;

LeaseOptions Options() { return {.key = {"s", "l"}, .identity = "me"}; }

class LeaseElectionTest : public testing::Test {
 protected:
  // "POST me", "PATCH me at 7", "GET"; "cancel" in front if the one before is
  // to be cancelled.
  std::string Sent() {
    const LeaseElection::Order order = election_.TakeOrder();
    std::string text = order.cancel ? "cancel" : "";
    if (!order.send) return text;
    if (order.cancel) text += " ";
    text += order.send->method;
    if (order.send->body.empty()) return text;
    body_ = Json(order.send->body);
    text += fmt::format(" {}", TextAt(body_, "spec.holderIdentity"));
    const std::string_view version = TextAt(body_, "metadata.resourceVersion");
    if (!version.empty()) text += fmt::format(" at {}", version);
    return text;
  }

  // The answer to a write: the server has it at `version`.
  void Accept(int version) {
    SetText("metadata.name", "l", &body_);
    SetText("metadata.resourceVersion", fmt::format("{}", version), &body_);
    election_.OnAnswer(now_, 200, JsonText(body_));
  }

  void Answer(int code, std::string_view body = "") {
    election_.OnAnswer(now_, code, body);
  }
  void Lose() { election_.OnLost(now_, absl::UnavailableError("reset")); }

  // Another holder's record.
  static LeaseRecord Theirs(int version, std::string_view renew_time,
                            std::string holder = "other") {
    return {.holder = std::move(holder),
            .duration = absl::Seconds(5),
            .renew_time = std::string(renew_time),
            .resource_version = fmt::format("{}", version)};
  }

  absl::Duration Wait() {
    const absl::Duration wait = election_.deadline() - now_;
    now_ = election_.deadline();
    OnTimer();
    return wait;
  }
  void OnTimer() { election_.OnTimer(now_, now_ + absl::Hours(1)); }

  bool IsHolder() const { return election_.IsHolder(now_); }

  // Makes this process the holder at version 10.
  void Hold() {
    election_.OnNoLease(now_);
    Wait();
    ASSERT_EQ(Sent(), "POST me");
    Accept(10);
    ASSERT_TRUE(IsHolder());
  }

  LeaseElection election_{Options(), Prng(1)};
  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  config::YamlNode body_;
};

TEST_F(LeaseElectionTest, DoesNothingBeforeItKnowsWhetherThereIsALease) {
  EXPECT_EQ(election_.deadline(), absl::InfiniteFuture());
  EXPECT_FALSE(IsHolder());
}

TEST_F(LeaseElectionTest, CreatesALeaseThatIsNotThere) {
  election_.OnNoLease(now_);
  EXPECT_LE(Wait(), absl::Milliseconds(500));
  EXPECT_EQ(Sent(), "POST me");
  EXPECT_EQ(TextAt(body_, "spec.leaseDurationSeconds"), "5");
  EXPECT_EQ(TextAt(body_, "spec.leaseTransitions"), "0");
  EXPECT_EQ(TextAt(body_, "spec.renewTime"), TextAt(body_, "spec.acquireTime"));
  EXPECT_FALSE(IsHolder());
  Accept(10);
  EXPECT_TRUE(IsHolder());
  EXPECT_EQ(election_.holder(), "me");
}

TEST_F(LeaseElectionTest, RenewsEachPeriodAtTheVersionItWrote) {
  Hold();
  const std::string acquired(TextAt(body_, "spec.acquireTime"));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Wait(), absl::Seconds(1));
    EXPECT_EQ(Sent(), fmt::format("PATCH me at {}", 10 + i));
    EXPECT_EQ(TextAt(body_, "spec.acquireTime"), acquired);
    EXPECT_EQ(TextAt(body_, "spec.leaseTransitions"), "0");
    Accept(11 + i);
    EXPECT_TRUE(IsHolder());
  }
}

TEST_F(LeaseElectionTest, ActsUntilTheDeadlineAfterItSentTheLastWrite) {
  Hold();
  const absl::Time sent_at = now_;
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 10");
  // The answer takes a second; the deadline counts from the sending.
  const absl::Time renewed_at = now_;
  now_ += absl::Seconds(1);
  Accept(11);
  EXPECT_EQ(election_.acts_until(), renewed_at + absl::Seconds(3));
  EXPECT_GT(election_.acts_until(), sent_at + absl::Seconds(3));
  now_ = renewed_at + absl::Seconds(3) - absl::Nanoseconds(1);
  EXPECT_TRUE(IsHolder());
  now_ += absl::Nanoseconds(1);
  EXPECT_FALSE(IsHolder());
}

TEST_F(LeaseElectionTest, WaitsForTheDurationSinceItSawAChange) {
  election_.OnLease(now_, Theirs(7, "a"));
  for (int i = 0; i < 5; ++i) {
    now_ += absl::Seconds(4);
    election_.OnLease(now_, Theirs(8 + i, fmt::format("{}", i)));
  }
  EXPECT_EQ(election_.holder(), "other");
  const absl::Duration wait = Wait();
  EXPECT_GE(wait, absl::Seconds(5));
  EXPECT_LE(wait, absl::Milliseconds(5500));
  EXPECT_EQ(Sent(), "PATCH me at 12");
  EXPECT_EQ(TextAt(body_, "spec.leaseTransitions"), "1");
  Accept(13);
  EXPECT_TRUE(IsHolder());
}

TEST_F(LeaseElectionTest, AChangeByAThirdPartyIsNoSignOfLife) {
  election_.OnLease(now_, Theirs(7, "a"));
  now_ += absl::Seconds(4);
  election_.OnLease(now_, Theirs(8, "a"));
  EXPECT_LE(Wait(), absl::Milliseconds(1500));
  EXPECT_EQ(Sent(), "PATCH me at 8");
}

TEST_F(LeaseElectionTest, TakesALeaseThatWasGivenUpAtOnce) {
  election_.OnLease(now_, Theirs(7, "a"));
  election_.OnLease(now_, Theirs(8, "b", ""));
  EXPECT_LE(Wait(), absl::Milliseconds(500));
  EXPECT_EQ(Sent(), "PATCH me at 8");
}

TEST_F(LeaseElectionTest, TheOneThatWasLateReadsAndWaits) {
  election_.OnLease(now_, Theirs(7, "a", ""));
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 7");
  Answer(409, R"({"reason":"Conflict"})");
  EXPECT_FALSE(IsHolder());
  EXPECT_EQ(Wait(), absl::ZeroDuration());
  EXPECT_EQ(Sent(), "GET");
  Answer(200, R"({"metadata":{"name":"l","resourceVersion":"8"},"spec":)"
              R"({"holderIdentity":"other","leaseDurationSeconds":5}})");
  EXPECT_EQ(election_.holder(), "other");
  EXPECT_GE(Wait(), absl::Seconds(5));
}

TEST_F(LeaseElectionTest, TwoThatCreateAtOnceAreOneHolder) {
  election_.OnNoLease(now_);
  Wait();
  EXPECT_EQ(Sent(), "POST me");
  Answer(409, R"({"reason":"AlreadyExists"})");
  Wait();
  EXPECT_EQ(Sent(), "GET");
}

// The server has the write, the answer was lost. A second write would conflict,
// and find the first with a time that is not its own.
TEST_F(LeaseElectionTest, AWriteWhoseAnswerWasLostIsFoundAgain) {
  election_.OnLease(now_, Theirs(7, "a", ""));
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 7");
  Lose();
  EXPECT_FALSE(IsHolder());
  Wait();
  EXPECT_EQ(Sent(), "GET");
  Accept(8);
  EXPECT_TRUE(IsHolder());
  EXPECT_LE(Wait(), absl::ZeroDuration());
  EXPECT_EQ(Sent(), "PATCH me at 8");
}

TEST_F(LeaseElectionTest, AWriteWhoseAnswerWasLostIsSeenByTheWatchToo) {
  election_.OnLease(now_, Theirs(7, "a", ""));
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 7");
  Lose();
  LeaseRecord own = Theirs(8, TextAt(body_, "spec.renewTime"), "me");
  election_.OnLease(now_, own);
  EXPECT_TRUE(IsHolder());
}

// It comes to light after the time in which it counts: others wait for it since
// they saw it, and this process since it wrote it.
TEST_F(LeaseElectionTest, AnOwnWriteThatIsFoundLateIsWaitedForSinceItWasSent) {
  election_.OnLease(now_, Theirs(7, "a", ""));
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 7");
  Lose();
  now_ += absl::Seconds(4);
  OnTimer();
  EXPECT_EQ(Sent(), "GET");
  Accept(8);
  EXPECT_FALSE(IsHolder());
  EXPECT_LE(Wait(), absl::Milliseconds(1500));
  EXPECT_EQ(Sent(), "PATCH me at 8");
}

TEST_F(LeaseElectionTest, AWriteThatNeverHadAConnectionIsSentAgain) {
  election_.OnLease(now_, Theirs(7, "a", ""));
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 7");
  election_.OnLost(now_,
                   http::NeverConnected(absl::UnavailableError("refused")));
  EXPECT_LE(Wait(), absl::Milliseconds(1200));
  EXPECT_EQ(Sent(), "PATCH me at 7");
}

TEST_F(LeaseElectionTest, AnotherProcessOfTheSameIdentityIsAnother) {
  election_.OnLease(now_, Theirs(7, "a", "me"));
  EXPECT_FALSE(IsHolder());
  EXPECT_GE(Wait(), absl::Seconds(5));
  EXPECT_EQ(Sent(), "PATCH me at 7");
  Accept(8);
  EXPECT_TRUE(IsHolder());
  election_.OnLease(now_, Theirs(9, "b", "me"));
  EXPECT_FALSE(IsHolder());
}

TEST_F(LeaseElectionTest, AHolderThatIsReplacedStopsAtOnce) {
  Hold();
  election_.OnLease(now_, Theirs(11, "x"));
  EXPECT_FALSE(IsHolder());
  EXPECT_GE(Wait(), absl::Seconds(5));
}

TEST_F(LeaseElectionTest, AHolderWhoseLeaseWasDeletedStopsAndCreatesIt) {
  Hold();
  election_.OnNoLease(now_, "11");
  EXPECT_FALSE(IsHolder());
  Wait();
  EXPECT_EQ(Sent(), "POST me");
}

TEST_F(LeaseElectionTest, AWatchThatIsBehindIsIgnored) {
  Hold();
  election_.OnLease(now_, Theirs(9, "x"));
  election_.OnNoLease(now_, "8");
  EXPECT_TRUE(IsHolder());
}

TEST_F(LeaseElectionTest, FailuresAreTriedAgainEachPeriodUntilItLapses) {
  Hold();
  absl::Time last = now_;
  for (const int code : {500, 403}) {
    Wait();
    EXPECT_EQ(Sent(), "PATCH me at 10");
    EXPECT_GE(now_ - last, absl::Seconds(1));
    EXPECT_LE(now_ - last, absl::Milliseconds(1200));
    last = now_;
    Answer(code);
  }
  EXPECT_TRUE(IsHolder());
  // From then on it waits like any other.
  Wait();
  EXPECT_FALSE(IsHolder());
  EXPECT_EQ(Sent(), "");
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 10");
  EXPECT_EQ(election_.last_error(), "403 Forbidden");
}

TEST_F(LeaseElectionTest, AnAnswerThatDoesNotComeIsGivenUpInTime) {
  Hold();
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 10");
  EXPECT_EQ(Wait(), absl::Milliseconds(1500));
  EXPECT_EQ(Sent(), "cancel");
  EXPECT_TRUE(IsHolder());
}

TEST_F(LeaseElectionTest, AServersWaitIsKept) {
  election_.OnNoLease(now_);
  Wait();
  Sent();
  Answer(429, R"({"details":{"retryAfterSeconds":9}})");
  EXPECT_GE(Wait(), absl::Seconds(9));
}

TEST_F(LeaseElectionTest, AHolderThatStopsGivesTheLeaseUp) {
  Hold();
  election_.Stop(now_, now_);
  EXPECT_FALSE(IsHolder());
  EXPECT_FALSE(election_.is_stopped());
  EXPECT_EQ(Sent(), "PATCH  at 10");
  EXPECT_EQ(TextAt(body_, "spec.leaseDurationSeconds"), "1");
  Accept(11);
  EXPECT_TRUE(election_.is_stopped());
  EXPECT_EQ(election_.deadline(), absl::InfiniteFuture());
  EXPECT_FALSE(IsHolder());
}

TEST_F(LeaseElectionTest, AStopDuringARenewalGivesUpWhatWasWritten) {
  Hold();
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 10");
  const std::string renewed(TextAt(body_, "spec.renewTime"));
  election_.Stop(now_, now_);
  EXPECT_EQ(Sent(), "cancel PATCH  at 10");
  Answer(409);
  EXPECT_FALSE(election_.is_stopped());
  Wait();
  EXPECT_EQ(Sent(), "GET");
  Answer(200,
         fmt::format(R"({{"metadata":{{"name":"l","resourceVersion":"11"}},)"
                     R"("spec":{{"holderIdentity":"me","renewTime":"{}"}}}})",
                     renewed));
  Wait();
  EXPECT_EQ(Sent(), "PATCH  at 11");
  EXPECT_FALSE(IsHolder());
  Accept(12);
  EXPECT_TRUE(election_.is_stopped());
}

TEST_F(LeaseElectionTest, AStopDuringATakeoverGivesUpWhatWasWritten) {
  election_.OnLease(now_, Theirs(7, "a", ""));
  Wait();
  EXPECT_EQ(Sent(), "PATCH me at 7");
  const std::string written(TextAt(body_, "spec.renewTime"));
  election_.Stop(now_, now_);
  EXPECT_EQ(Sent(), "cancel");
  Wait();
  EXPECT_EQ(Sent(), "GET");
  Answer(200,
         fmt::format(R"({{"metadata":{{"name":"l","resourceVersion":"8"}},)"
                     R"("spec":{{"holderIdentity":"me","renewTime":"{}"}}}})",
                     written));
  Wait();
  EXPECT_EQ(Sent(), "PATCH  at 8");
}

TEST_F(LeaseElectionTest, OneThatHoldsNothingStopsWithoutAWord) {
  election_.OnLease(now_, Theirs(7, "a"));
  election_.Stop(now_, now_);
  EXPECT_EQ(Sent(), "");
  EXPECT_TRUE(election_.is_stopped());
  EXPECT_EQ(election_.deadline(), absl::InfiniteFuture());
}

TEST(LeaseOptionsTest, NamesTheFirstOptionThatIsOutOfRange) {
  EXPECT_TRUE(Validate(Options()).ok());
  const auto message = [](const LeaseOptions& options) {
    return std::string(Validate(options).message());
  };
  LeaseOptions bad = Options();
  bad.key.name_space = "";
  EXPECT_THAT(message(bad), HasSubstr("key: want"));
  bad = Options();
  bad.identity = "";
  EXPECT_THAT(message(bad), HasSubstr("identity: want"));
  bad = Options();
  bad.lease_duration = absl::Milliseconds(4500);
  EXPECT_THAT(message(bad), HasSubstr("lease_duration: want whole seconds"));
  bad = Options();
  bad.renew_deadline = absl::Seconds(5);
  EXPECT_THAT(message(bad), HasSubstr("renew_deadline: want less"));
  bad = Options();
  bad.retry_period = absl::Milliseconds(2500);
  EXPECT_THAT(message(bad), HasSubstr("retry_period: want less"));
  bad.retry_period = absl::ZeroDuration();
  EXPECT_THAT(message(bad), HasSubstr("retry_period: want more"));
}

}  // namespace
}  // namespace lb::kubernetes
