#include "lb/announce/proxy_check.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_prefix.h"
#include "lb/net/ip_range.h"

namespace lb::announce {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using Verdict = ProxyCheck::Verdict;

net::IpAddress Ip(const std::string& text) {
  return *net::ParseIpAddress(text);
}
bool Any(const net::IpAddress&) { return true; }

const net::IpAddress kVip = Ip("10.20.0.1");
constexpr net::MacAddress kRouter = {{2, 0, 0, 0, 0, 1}};
constexpr net::MacAddress kOther = {{2, 0, 0, 0, 0, 2}};

TEST(ChooseDecoysTest, AreNearSpareAndAlwaysTheSame) {
  const auto is_spare = [](const net::IpAddress& address) {
    return !net::ParseIpRange("10.20.0.1-10.20.0.200")->Contains(address);
  };
  for (const char* vip : {"10.20.0.1", "10.20.0.254", "10.20.0.0"}) {
    const auto decoys = ChooseDecoys(Ip(vip), is_spare, 3);
    ASSERT_THAT(decoys, SizeIs(3));
    EXPECT_EQ(decoys, ChooseDecoys(Ip(vip), is_spare, 3));
    for (const net::IpAddress& decoy : decoys) {
      EXPECT_TRUE(net::ParseIpRange("10.20.0.201-10.20.0.254")->Contains(decoy))
          << decoy.ToString();
    }
  }
}

TEST(ChooseDecoysTest, GoesToTheNextBlocksOfAWholePool) {
  const auto is_spare = [](const net::IpAddress& address) {
    return !net::ParseIpPrefix("10.20.4.0/22")->Contains(address);
  };
  for (const net::IpAddress& decoy :
       ChooseDecoys(Ip("10.20.5.7"), is_spare, 3)) {
    EXPECT_TRUE(net::ParseIpPrefix("10.20.0.0/20")->Contains(decoy))
        << decoy.ToString();
  }
  const auto none = [](const net::IpAddress&) { return false; };
  EXPECT_THAT(ChooseDecoys(kVip, none, 3), IsEmpty());
}

TEST(ChooseDecoysTest, OfIpv6AreOfItsSlash112) {
  const auto decoys = ChooseDecoys(Ip("fd00::1:201"), Any, 3);
  ASSERT_THAT(decoys, SizeIs(3));
  for (const net::IpAddress& decoy : decoys) {
    EXPECT_TRUE(net::ParseIpPrefix("fd00::1:0/112")->Contains(decoy));
    EXPECT_NE(decoy, Ip("fd00::1:201"));
  }
}

class ProxyCheckTest : public testing::Test {
 protected:
  // The verdict on kRouter if it answers for so many decoys.
  Verdict JudgeWithAnswers(size_t count) {
    check_.Suspect(now_, kRouter, kVip, Any);
    const auto decoys = check_.TakeQuestions(now_);
    EXPECT_THAT(decoys, SizeIs(3));
    for (size_t i = 0; i < count; ++i) check_.OnClaim(decoys[i], kRouter);
    now_ += ProxyCheck::kWait;
    EXPECT_THAT(check_.TakeJudged(now_), SizeIs(1));
    return check_.VerdictOf(kRouter, net::IpFamily::kIpv4);
  }

  ProxyCheck check_;
  absl::Time now_ = absl::UnixEpoch();
};

TEST_F(ProxyCheckTest, TwoDecoysMakeAProxy) {
  EXPECT_EQ(JudgeWithAnswers(0), Verdict::kHost);
  now_ += ProxyCheck::kHolds;
  EXPECT_EQ(JudgeWithAnswers(1), Verdict::kHost);
  now_ += ProxyCheck::kHolds;
  EXPECT_EQ(JudgeWithAnswers(2), Verdict::kProxy);
  EXPECT_EQ(check_.VerdictOf(kRouter, net::IpFamily::kIpv6), Verdict::kUnknown);
  EXPECT_EQ(check_.VerdictOf(kOther, net::IpFamily::kIpv4), Verdict::kUnknown);
  // It is asked again after a while, stays one meanwhile, and can cease.
  now_ += ProxyCheck::kHolds;
  check_.Suspect(now_, kRouter, kVip, Any);
  EXPECT_EQ(check_.VerdictOf(kRouter, net::IpFamily::kIpv4), Verdict::kProxy);
  now_ += ProxyCheck::kWait;
  check_.TakeJudged(now_);
  EXPECT_EQ(check_.VerdictOf(kRouter, net::IpFamily::kIpv4), Verdict::kHost);
}

TEST_F(ProxyCheckTest, OthersAnswersDoNotCount) {
  check_.Suspect(now_, kRouter, kVip, Any);
  for (const net::IpAddress& decoy : check_.TakeQuestions(now_)) {
    check_.OnClaim(decoy, kOther);
  }
  check_.OnClaim(Ip("10.20.0.9"), kRouter);
  check_.OnClaim(kVip, kRouter);
  now_ += ProxyCheck::kWait;
  EXPECT_THAT(check_.TakeJudged(now_), SizeIs(1));
  EXPECT_EQ(check_.VerdictOf(kRouter, net::IpFamily::kIpv4), Verdict::kHost);
}

TEST_F(ProxyCheckTest, AsksTwiceAndNoMore) {
  check_.Suspect(now_, kRouter, kVip, Any);
  check_.Suspect(now_, kRouter, Ip("10.20.0.2"), Any);
  EXPECT_EQ(check_.NextDeadline(), now_);
  const auto first = check_.TakeQuestions(now_);
  EXPECT_EQ(check_.NextDeadline(), now_ + ProxyCheck::kAskAgain);
  EXPECT_THAT(check_.TakeQuestions(now_), IsEmpty());
  EXPECT_EQ(check_.TakeQuestions(now_ + ProxyCheck::kAskAgain), first);
  EXPECT_EQ(check_.NextDeadline(), now_ + ProxyCheck::kWait);
  EXPECT_EQ(check_.Decoys().size(), 3u);
  check_.TakeJudged(now_ + ProxyCheck::kWait);
  EXPECT_EQ(check_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_THAT(check_.Decoys(), IsEmpty());
  // The verdict is known for a while.
  check_.Suspect(now_ + absl::Seconds(10), kRouter, kVip, Any);
  EXPECT_FALSE(check_.asking());
}

TEST_F(ProxyCheckTest, IsBounded) {
  for (uint8_t i = 0; i < 200; ++i) {
    check_.Suspect(now_, {{2, 0, 0, 0, 1, i}}, kVip, Any);
  }
  EXPECT_THAT(check_.TakeQuestions(now_),
              SizeIs(ProxyCheck::kSuspectsMax * ProxyCheck::kDecoys));
  now_ += ProxyCheck::kWait;
  EXPECT_THAT(check_.TakeJudged(now_), SizeIs(ProxyCheck::kSuspectsMax));
  now_ += ProxyCheck::kHolds;
  check_.Suspect(now_, kRouter, kVip, Any);
  EXPECT_TRUE(check_.asking());
}

TEST_F(ProxyCheckTest, AsksNothingWhereNoAddressIsSpare) {
  check_.Suspect(now_, kRouter, kVip, [](const auto&) { return false; });
  EXPECT_FALSE(check_.asking());
  EXPECT_EQ(check_.VerdictOf(kRouter, net::IpFamily::kIpv4), Verdict::kUnknown);
}

}  // namespace
}  // namespace lb::announce
