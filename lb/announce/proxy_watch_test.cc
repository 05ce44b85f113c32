#include "lb/announce/proxy_watch.h"

#include "gmock/gmock.h"
#include "lb/net/arp.h"
#include "lb/net/neighbor_packet.h"

namespace lb::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const net::IpAddress kVip = *net::ParseIpAddress("10.0.0.1");
const Announcement kAnnouncement = {kVip, "eth0"};
const net::MacAddress kRival = {{2, 0, 0, 0, 0, 9}};
const Interface kEth0 = {
    .name = "eth0", .index = 2, .mac = {{2, 0, 0, 0, 0, 1}}, .arp = true};

// A host claims an address that this node has just probed for.
class ProxyWatchTest : public testing::Test {
 protected:
  void Probe(const Terms& terms) {
    wanted_.SetAnnouncements({{kVip, terms}}, {kEth0});
    segment_.Hold(kVip);
    segment_.Begin(now_, kVip, Role::kProbeFirst);
  }
  // True if the claim does not count.
  bool HearClaim() {
    const Reception claim = {.verdict = Verdict::kConflict,
                             .vip = kVip,
                             .mac = kRival,
                             .sign = RivalSign::kClaims};
    if (watch_.Overlooks(now_, segment_, claim)) return true;
    segment_.OnRival(now_, kVip, {.mac = kRival});
    for (const ClaimChange& change : segment_.TakeChanges()) {
      if (!change.report) continue;
      reports_.Add({kAnnouncement, kRival, *change.report},
                   segment_.proxies().VerdictOf(kRival, kVip.family()),
                   wanted_.DespiteProxy(kAnnouncement));
    }
    return false;
  }
  // The rival answers for each decoy that it is asked for.
  void AnswerDecoys() {
    segment_.TakeDue(now_);
    for (const net::IpAddress& decoy : segment_.proxies().Decoys()) {
      EXPECT_TRUE(watch_.HearDecoys(segment_, ReplyFor(decoy)));
    }
  }
  static net::NeighborPacket ReplyFor(const net::IpAddress& address) {
    return *net::ParseNeighborPacket(net::ArpFrame(
        kEth0.mac,
        {net::ArpOperation::kReply, kRival, address, kEth0.mac, address}));
  }
  bool JudgeAfter(absl::Duration time) {
    now_ += time;
    segment_.TakeDue(now_);
    return watch_.Judge(now_, segment_);
  }

  absl::Time now_ = absl::UnixEpoch();
  const ClaimOptions claim_options_;
  const Demand demand_{/*watched_max=*/10};
  Segment segment_{{}, &claim_options_, &demand_, kEth0, Prng(1)};
  AnnouncementTable wanted_{/*announcements_max=*/10};
  ConflictReports reports_;
  ProxyWatch watch_{[](const net::IpAddress&) { return true; }, &wanted_,
                    &reports_};
};

TEST_F(ProxyWatchTest, AHostThatAnswersForNoDecoyKeepsTheAddress) {
  Probe({});
  EXPECT_FALSE(HearClaim());
  EXPECT_TRUE(watch_.TakeHearingChange());  // It is asked.
  EXPECT_FALSE(watch_.TakeHearingChange());
  EXPECT_THAT(reports_.Take(), IsEmpty());
  EXPECT_FALSE(JudgeAfter(ProxyCheck::kAskAgain));
  EXPECT_TRUE(JudgeAfter(ProxyCheck::kWait));
  EXPECT_TRUE(watch_.TakeHearingChange());
  EXPECT_THAT(reports_.Take(),
              ElementsAre(Conflict{kAnnouncement, kRival, Outcome::kWithheld}));
  EXPECT_EQ(segment_.StateOf(kVip), ClaimState::kConflicted);
}

TEST_F(ProxyWatchTest, AProxyIsNamed) {
  Probe({});
  EXPECT_FALSE(HearClaim());
  AnswerDecoys();
  EXPECT_TRUE(JudgeAfter(ProxyCheck::kWait));
  EXPECT_THAT(reports_.Take(),
              ElementsAre(Conflict{kAnnouncement, kRival, Outcome::kProxied}));
  EXPECT_EQ(segment_.StateOf(kVip), ClaimState::kConflicted);
  EXPECT_FALSE(HearClaim());  // It counts all the same.
}

TEST_F(ProxyWatchTest, AProxyThatDoesNotCountIsOverlooked) {
  Probe({.despite_proxy = true});
  EXPECT_FALSE(HearClaim());  // It may be a host.
  AnswerDecoys();
  EXPECT_TRUE(JudgeAfter(ProxyCheck::kWait));
  EXPECT_THAT(reports_.Take(), IsEmpty());
  EXPECT_EQ(segment_.StateOf(kVip), ClaimState::kProbing);
  EXPECT_TRUE(HearClaim());
}

TEST_F(ProxyWatchTest, OtherFramesAreNoAnswers) {
  Probe({});
  EXPECT_FALSE(watch_.HearDecoys(segment_, ReplyFor(kVip)));
  EXPECT_FALSE(HearClaim());
  EXPECT_FALSE(watch_.HearDecoys(segment_, ReplyFor(kVip)));
  EXPECT_FALSE(watch_.HearDecoys(segment_, {}));
}

TEST_F(ProxyWatchTest, WithoutSpareAddressesNoHostIsAsked) {
  ProxyWatch blind({}, &wanted_, &reports_);
  Probe({.despite_proxy = true});
  EXPECT_FALSE(blind.Overlooks(now_, segment_,
                               {.verdict = Verdict::kConflict,
                                .vip = kVip,
                                .mac = kRival,
                                .sign = RivalSign::kClaims}));
  EXPECT_FALSE(blind.TakeHearingChange());
  EXPECT_FALSE(segment_.proxies().asking());
}

}  // namespace
}  // namespace lb::announce
