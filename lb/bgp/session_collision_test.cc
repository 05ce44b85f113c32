// Two connections to one peer: one is kept (RFC 4271, section 6.8).
#include <string>

#include "gmock/gmock.h"
#include "lb/bgp/session.h"
#include "lb/bgp/testing/session_fixture.h"
#include "lb/bgp/wire/message.h"

namespace lb::bgp {
namespace {

constexpr Side kUs = Side::kDialled;
constexpr Side kThem = Side::kAccepted;

class SessionCollisionTest : public SessionFixture {
 protected:
  SessionCollisionTest() { options_.opening = Opening::kDialAndListen; }

  void SetPeerIdentifier(uint32_t identifier) {
    peer_open_.identifier = identifier;
  }
  void ConnectBoth() {
    Start();
    EXPECT_EQ(Wait(absl::ZeroDuration()), "dial");
    EXPECT_EQ(Connect(kUs), "OPEN");
    EXPECT_TRUE(session_->Admit(now_));
    EXPECT_EQ(Connect(kThem), "<OPEN");
  }
};

TEST(SurvivorTest, TheLargerIdentifierKeepsWhatItDialled) {
  static_assert(Survivor({2, {1}}, {1, {9}}) == Side::kDialled);
  static_assert(Survivor({1, {9}}, {2, {1}}) == Side::kAccepted);
  // As numbers without a sign.
  static_assert(Survivor({0xf0000000, {1}}, {1, {1}}) == Side::kDialled);
  // RFC 6286: equal identifiers, so the AS decides.
  static_assert(Survivor({1, {2}}, {1, {1}}) == Side::kDialled);
  static_assert(Survivor({1, {1}}, {1, {2}}) == Side::kAccepted);
}

TEST_F(SessionCollisionTest, TheirIdentifierIsLarger) {
  SetPeerIdentifier(0xf0000001);
  ConnectBoth();
  EXPECT_EQ(HearOpen(kUs), "KEEPALIVE");
  EXPECT_EQ(HearOpen(kThem), "NOTIFICATION 6/7 close <KEEPALIVE");
  HearKeepalive(kThem);
  EXPECT_EQ(session_->established(), kThem);
  // It does not dial beside it, and nothing is wrong.
  EXPECT_EQ(Wait(absl::Seconds(15)), "");
  EXPECT_EQ(session_->Status().last_error, std::nullopt);
}

TEST_F(SessionCollisionTest, OurIdentifierIsLarger) {
  SetPeerIdentifier(1);
  ConnectBoth();
  EXPECT_EQ(HearOpen(kUs), "KEEPALIVE");
  EXPECT_EQ(HearOpen(kThem), "<NOTIFICATION 6/7 <close");
  HearKeepalive(kUs);
  EXPECT_EQ(session_->established(), kUs);
}

TEST_F(SessionCollisionTest, TheOrderOfTheOpensChangesNothing) {
  SetPeerIdentifier(1);
  ConnectBoth();
  EXPECT_EQ(HearOpen(kThem), "<KEEPALIVE");
  EXPECT_EQ(HearOpen(kUs), "<NOTIFICATION 6/7 <close KEEPALIVE");
}

TEST_F(SessionCollisionTest, AnEstablishedOneWins) {
  SetPeerIdentifier(1);
  ConnectBoth();
  HearOpen(kThem);
  Hear(wire::EncodeKeepalive(), kThem);
  EXPECT_EQ(session_->established(), kThem);
  // The other one was closed with it.
  EXPECT_EQ(session_->state(), SessionState::kEstablished);
  EXPECT_FALSE(session_->Admit(now_));
  EXPECT_EQ(Session::Refusal(), RawMessage(3, "0607"));
}

TEST_F(SessionCollisionTest, ADialIsAbandonedWhenTheyWereFaster) {
  Start();
  EXPECT_EQ(Wait(absl::ZeroDuration()), "dial");
  EXPECT_TRUE(session_->Admit(now_));
  EXPECT_EQ(Connect(kThem), "<OPEN");
  EXPECT_EQ(HearOpen(kThem), "<KEEPALIVE");
  EXPECT_EQ(HearKeepalive(kThem), "abandon <UPDATE <UPDATE");
}

TEST_F(SessionCollisionTest, APeerThatDialsAgainHasGivenUpItsFirst) {
  SetPeerIdentifier(0xf0000001);
  options_.opening = Opening::kListen;
  Start();
  EXPECT_EQ(session_->state(), SessionState::kActive);
  EXPECT_EQ(Wait(absl::Minutes(1)), "");
  EXPECT_TRUE(session_->Admit(now_));
  EXPECT_EQ(Connect(kThem), "<OPEN");
  EXPECT_TRUE(session_->Admit(now_));
  EXPECT_EQ(Said(), "<NOTIFICATION 6/7 <close");
  EXPECT_EQ(Connect(kThem), "<OPEN");
  HearOpen(kThem);
  HearKeepalive(kThem);
  EXPECT_EQ(session_->established(), kThem);
  session_->OnClosed(now_, kThem, absl::OkStatus());
  EXPECT_EQ(Said(), "<close");
  EXPECT_EQ(session_->state(), SessionState::kActive);
}

TEST_F(SessionCollisionTest, APeerThatRestartsReplacesItsEstablishedOne) {
  options_.restart_time = absl::Seconds(30);
  peer_open_.capabilities->graceful_restart = wire::GracefulRestart{
      .seconds = 60, .families = {.ipv4 = true, .ipv6 = true}};
  Start();
  Wait(absl::ZeroDuration());
  Connect(kUs);
  HearOpen(kUs);
  HearKeepalive(kUs);
  EXPECT_EQ(session_->established(), kUs);
  EXPECT_TRUE(session_->Admit(now_));
  EXPECT_EQ(Said(), "close");  // Without a word.
  EXPECT_EQ(Connect(kThem), "<OPEN");
  HearOpen(kThem);
  HearKeepalive(kThem);
  EXPECT_EQ(session_->established(), kThem);
}

TEST_F(SessionCollisionTest, ASessionThatOnlyDialsAdmitsNone) {
  options_.opening = Opening::kDial;
  Start();
  EXPECT_FALSE(session_->Admit(now_));
}

}  // namespace
}  // namespace lb::bgp
