// What a Session says to its peer, and when.
#include "lb/bgp/session.h"

#include <string>

#include "gmock/gmock.h"
#include "lb/bgp/testing/heard_message.h"
#include "lb/bgp/testing/session_fixture.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/route_refresh.h"

namespace lb::bgp {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::StartsWith;

class SessionTest : public SessionFixture {
 protected:
  void Want(std::string_view prefix) {
    rib_.Set({*net::ParseIpPrefix(prefix), {}});
  }
  HeardOpen OwnOpen() {
    Faults faults;
    const HeardOpen open = ReadOpen(messages_.at(0), faults);
    EXPECT_THAT(faults, IsEmpty());
    return open;
  }
  std::string LastError() {
    return session_->Status().last_error ? session_->Status().last_error->text
                                         : "";
  }
  std::vector<std::string> News() {
    std::vector<std::string> texts;
    for (const SessionNews& news : session_->TakeNews()) {
      const char* const kinds[] = {"up", "down", "failed"};
      texts.push_back(std::string(kinds[static_cast<int>(news.kind)]) + ": " +
                      news.text);
    }
    return texts;
  }
};

TEST_F(SessionTest, GoesToEstablishedAndTellsItsRoutes) {
  Want("192.0.2.10/32");
  Want("2001:db8:1::/48");
  Start();
  EXPECT_EQ(session_->state(), SessionState::kIdle);
  EXPECT_EQ(Wait(absl::ZeroDuration()), "dial");
  EXPECT_EQ(session_->state(), SessionState::kConnect);
  EXPECT_EQ(Connect(), "OPEN");
  EXPECT_EQ(session_->state(), SessionState::kOpenSent);
  EXPECT_EQ(HearOpen(), "KEEPALIVE");
  EXPECT_EQ(session_->state(), SessionState::kOpenConfirm);
  // A route and an End-of-RIB of each family.
  EXPECT_EQ(HearKeepalive(), "UPDATE UPDATE UPDATE UPDATE");
  EXPECT_EQ(session_->state(), SessionState::kEstablished);
  EXPECT_THAT(News(), ElementsAre(StartsWith("up: AS 65000, hold time 1m30s")));

  const PeerStatus status = session_->Status();
  EXPECT_EQ(status.peer_asn, Asn{65000});
  EXPECT_EQ(status.peer_identifier, 0x0a0000feu);
  EXPECT_EQ(status.hold_time, absl::Seconds(90));
  EXPECT_EQ(status.local.ToString(), "10.0.0.1");
  EXPECT_EQ(status.families, (net::IpFamilies{.ipv4 = true, .ipv6 = true}));
  EXPECT_EQ(status.of_family[0].advertised, 1u);
  EXPECT_EQ(status.of_family[1].advertised, 1u);
  EXPECT_EQ(status.counters.updates_sent, 4u);
  EXPECT_EQ(status.counters.keepalives_sent, 1u);
  EXPECT_EQ(status.counters.keepalives_received, 1u);
  EXPECT_EQ(status.counters.opens_sent, 1u);
  EXPECT_EQ(status.counters.opens_received, 1u);
}

TEST_F(SessionTest, ItsOpenOffersWhatItDoes) {
  Establish();
  const HeardOpen open = OwnOpen();
  EXPECT_EQ(open.version, 4);
  EXPECT_EQ(open.as_field, 64512);
  EXPECT_EQ(open.hold_seconds, 90);
  EXPECT_EQ(open.identifier, 0x0a000001u);
  EXPECT_TRUE(open.offers(net::IpFamily::kIpv4));
  EXPECT_TRUE(open.offers(net::IpFamily::kIpv6));
  EXPECT_TRUE(open.has(2));
  EXPECT_TRUE(open.has(70));
  // An End-of-RIB is promised, and no restart.
  EXPECT_EQ(open.capabilities.find(64)->second, (HeardBytes{0, 0}));
}

TEST_F(SessionTest, NothingIsToldBeforeItIsEstablished) {
  Start();
  Wait(absl::ZeroDuration());
  Connect();
  Want("192.0.2.10/32");
  EXPECT_EQ(Said(), "");
  HearOpen();
  Want("192.0.2.11/32");
  EXPECT_EQ(Said(), "");
  EXPECT_EQ(HearKeepalive(), "UPDATE UPDATE UPDATE");
  Want("192.0.2.12/32");
  EXPECT_EQ(Said(), "UPDATE");
  rib_.Replace({});
  EXPECT_EQ(Said(), "UPDATE");
  EXPECT_EQ(Said(), "");
}

TEST_F(SessionTest, BytesMayComeOneByOneAndAllAtOnce) {
  Start();
  Wait(absl::ZeroDuration());
  Connect();
  Bytes bytes = wire::EncodeOpen(peer_open_);
  const Bytes alive = wire::EncodeKeepalive();
  bytes.insert(bytes.end(), alive.begin(), alive.end());
  for (size_t n = 0; n + 1 < bytes.size(); ++n) {
    EXPECT_EQ(session_->state() == SessionState::kEstablished, false);
    Hear({bytes[n]});
  }
  EXPECT_EQ(session_->state(), SessionState::kOpenConfirm);
  Hear({bytes.back()});
  EXPECT_EQ(session_->state(), SessionState::kEstablished);

  session_->OnClosed(now_, Side::kDialled, absl::OkStatus());
  EXPECT_EQ(Said(), "close");
  EXPECT_EQ(Wait(absl::Milliseconds(100)), "dial");
  Connect();
  Hear(bytes);
  EXPECT_EQ(session_->state(), SessionState::kEstablished);
}

TEST_F(SessionTest, AKeepaliveEachThirdOfTheHoldTimeLessJitter) {
  peer_open_.hold_seconds = 30;
  Establish();
  for (int n = 0; n < 5; ++n) {
    const absl::Time before = now_;
    HearKeepalive();
    while (Wait(absl::Milliseconds(10)).empty()) {
    }
    EXPECT_THAT(now_ - before, AllOf(Ge(absl::Milliseconds(7500)),
                                     Le(absl::Milliseconds(10010))));
  }
}

TEST_F(SessionTest, ConfiguredKeepalivesMayBeMoreOftenOnly) {
  options_.keepalive_time = absl::Seconds(2);
  Establish();
  while (Wait(absl::Milliseconds(10)).empty()) {
  }
  const absl::Time before = now_;
  while (Wait(absl::Milliseconds(10)).empty()) {
  }
  EXPECT_THAT(now_ - before, Le(absl::Milliseconds(2010)));
}

TEST_F(SessionTest, ASilentPeerIsGivenUpAfterTheHoldTime) {
  Establish();
  HearKeepalive();
  const std::string said = Wait(absl::Seconds(90));
  EXPECT_THAT(said, testing::Not(HasSubstr("NOTIFICATION")));
  EXPECT_THAT(Wait(Connection::kHoldGrace), "NOTIFICATION 4/0 close");
  EXPECT_EQ(LastError(), wire::Text({.code = wire::ErrorCode{4}}));
  EXPECT_EQ(session_->Status().of_family[0].advertised, 0u);
}

TEST_F(SessionTest, AnUpdateProlongsTheHoldTimeAndARefreshDoesNot) {
  Establish();
  const Bytes end_of_rib = RawMessage(2, "00000000");
  Wait(absl::Seconds(80));
  Hear(end_of_rib);
  EXPECT_THAT(Wait(absl::Seconds(80)), testing::Not(HasSubstr("NOTIFICATION")));
  Hear(wire::EncodeRouteRefresh(wire::RefreshKind::kRequest,
                                net::IpFamily::kIpv4));
  EXPECT_THAT(Wait(absl::Seconds(11)), HasSubstr("NOTIFICATION 4/0 close"));
}

TEST_F(SessionTest, OurOwnStallIsNotThePeersSilence) {
  Establish();
  HearKeepalive();
  // Nothing of ours ran for two minutes; the peer's bytes wait in the socket.
  now_ += absl::Seconds(120);
  session_->OnTimer(now_);
  EXPECT_EQ(Said(), "KEEPALIVE");
  HearKeepalive();
  EXPECT_THAT(Wait(absl::Seconds(89)), testing::Not(HasSubstr("NOTIFICATION")));
  EXPECT_EQ(session_->state(), SessionState::kEstablished);
}

TEST_F(SessionTest, TheSmallerHoldTimeCounts) {
  peer_open_.hold_seconds = 9;
  Establish();
  EXPECT_EQ(session_->Status().hold_time, absl::Seconds(9));
  HearKeepalive();
  EXPECT_THAT(Wait(absl::Milliseconds(9020)), HasSubstr("NOTIFICATION 4/0"));
}

TEST_F(SessionTest, WithoutAHoldTimeNothingIsArmed) {
  peer_open_.hold_seconds = 0;
  Establish();
  EXPECT_EQ(session_->NextDeadline(), absl::InfiniteFuture());
  is_stuck_ = true;
  Want("192.0.2.10/32");
  EXPECT_EQ(Said(), "UPDATE");
  EXPECT_EQ(Wait(absl::Hours(1)), "");
  EXPECT_EQ(session_->state(), SessionState::kEstablished);
}

TEST_F(SessionTest, APeerThatSaysNothingGetsTenSeconds) {
  Start();
  Wait(absl::ZeroDuration());
  Connect();
  EXPECT_EQ(Wait(absl::Milliseconds(10010)), "");
  EXPECT_EQ(Wait(absl::Milliseconds(20)), "NOTIFICATION 4/0 close");
}

TEST_F(SessionTest, APeerThatTakesNothingIsGivenUp) {
  peer_open_.hold_seconds = 20;  // So 40 s.
  Establish();
  is_stuck_ = true;
  Want("192.0.2.10/32");
  EXPECT_EQ(Said(), "UPDATE");
  EXPECT_THAT(WaitAlive(absl::Milliseconds(39900)),
              testing::Not(HasSubstr("NOTIFICATION")));
  EXPECT_THAT(WaitAlive(absl::Milliseconds(200)),
              HasSubstr("NOTIFICATION 8/0 close"));
}

TEST_F(SessionTest, NoMoreThan64KibAreAhead) {
  RouteSet routes;
  for (uint32_t n = 0; n < 40'000; ++n) {
    ASSERT_TRUE(
        routes
            .Set({{net::IpAddress::Ipv4(0x64400000 + n), 32}, {.med = n % 100}})
            .ok());
  }
  is_stuck_ = true;
  Establish();
  rib_.Replace(routes);
  session_->TakeOutgoing(now_);
  size_t ahead = 0;
  rib_.Replace({});  // Ends at nothing, whatever was told on the way.
  rib_.Replace(routes);
  for (int n = 0; n < 3; ++n) {
    for (const SessionOutput& output : session_->TakeOutgoing(now_)) {
      ahead += output.bytes.size();
    }
  }
  EXPECT_LE(ahead, Session::kAheadMax);
  is_stuck_ = false;
  Wait(absl::Seconds(1));
  EXPECT_EQ(session_->Status().of_family[0].advertised, routes.size());
  EXPECT_EQ(session_->Status().of_family[0].pending, 0u);
}

TEST_F(SessionTest, DialsLessAndLessOften) {
  Start();
  int dials = 0;
  for (absl::Time end = now_ + absl::Seconds(60); now_ < end;) {
    if (Wait(absl::Milliseconds(10)).empty()) continue;
    ++dials;
    session_->OnConnectFailed(now_, absl::UnavailableError("refused"));
  }
  EXPECT_THAT(dials, AllOf(Ge(16), Le(22)));
  EXPECT_THAT(News(), ElementsAre("failed: refused"));  // Said once.
}

TEST_F(SessionTest, AConnectTimeBoundsTheWaitsBetweenDials) {
  options_.connect_time = absl::Seconds(20);
  Start();
  int dials = 0;
  for (absl::Time end = now_ + absl::Seconds(60); now_ < end;) {
    if (Wait(absl::Milliseconds(10)).empty()) continue;
    ++dials;
    session_->OnConnectFailed(now_, absl::UnavailableError("refused"));
  }
  EXPECT_THAT(dials, AllOf(Ge(9), Le(11)));
  EXPECT_THAT(session_->Status().next_dial - now_, Le(absl::Seconds(20)));
}

TEST_F(SessionTest, ARefusedOpenIsNotRepeatedSoon) {
  peer_open_.as_field = 65001;
  peer_open_.capabilities->asn = Asn{65001};
  Start();
  int opens = 0;
  for (absl::Time end = now_ + absl::Minutes(3); now_ < end;) {
    if (Wait(absl::Milliseconds(10)) != "dial") continue;
    Connect();
    EXPECT_EQ(HearOpen(), "NOTIFICATION 2/2 close");
    ++opens;
  }
  EXPECT_THAT(opens, AllOf(Ge(5), Le(8)));
  EXPECT_THAT(session_->Status().next_dial - now_, Le(absl::Seconds(60)));
}

TEST_F(SessionTest, DialsSoonAfterALossAndTellsAllAgain) {
  Want("192.0.2.10/32");
  Establish();
  WaitAlive(absl::Seconds(40));
  session_->OnClosed(now_, Side::kDialled, absl::UnavailableError("reset"));
  EXPECT_EQ(Said(), "close");
  EXPECT_THAT(News(), ElementsAre(StartsWith("up"), "down: reset"));
  EXPECT_EQ(session_->Status().of_family[0].advertised, 0u);
  EXPECT_EQ(Wait(absl::Milliseconds(100)), "dial");
  Connect();
  HearOpen();
  EXPECT_EQ(HearKeepalive(), "UPDATE UPDATE UPDATE");
}

TEST_F(SessionTest, APeerWithoutCapabilitiesIsAskedOnceWithoutThem) {
  Want("192.0.2.10/32");
  Start();
  Wait(absl::ZeroDuration());
  Connect();
  EXPECT_EQ(Hear(RawMessage(3, "0204")), "close");
  EXPECT_EQ(Wait(absl::Milliseconds(100)), "dial");
  messages_.clear();
  Connect();
  EXPECT_FALSE(OwnOpen().has_parameters);
  peer_open_.capabilities = std::nullopt;
  EXPECT_EQ(HearOpen(), "KEEPALIVE");
  EXPECT_EQ(HearKeepalive(), "UPDATE UPDATE");  // And IPv4's End-of-RIB.
  EXPECT_EQ(session_->Status().families, (net::IpFamilies{.ipv4 = true}));

  // A refusal of that one too is one of configuration.
  session_->OnClosed(now_, Side::kDialled, absl::OkStatus());
  Wait(absl::Seconds(5));
  Connect();
  Hear(RawMessage(3, "0204"));
  Wait(absl::Seconds(5));
  Connect();
  EXPECT_EQ(Hear(RawMessage(3, "0204")), "close");
  EXPECT_EQ(Wait(absl::Seconds(3)), "");
}

TEST_F(SessionTest, ARefreshTellsTheFamilyAgainBetweenMarks) {
  Want("192.0.2.10/32");
  Want("2001:db8:1::/48");
  Establish();
  EXPECT_EQ(Hear(wire::EncodeRouteRefresh(wire::RefreshKind::kRequest,
                                          net::IpFamily::kIpv6)),
            "REFRESH1 UPDATE REFRESH2");
  EXPECT_EQ(session_->Status().counters.refreshes_received, 1u);
  EXPECT_EQ(session_->Status().counters.refreshes_sent, 2u);
}

TEST_F(SessionTest, ARestartIsToldOnceAndInTimeOnly) {
  options_.restart_time = absl::Seconds(30);
  restart_ = {.claim = {.restarted = true, .forwarding_kept = true},
              .until = now_ + absl::Seconds(30)};
  Establish();
  const HeardBytes claimed = FromHex(
      "801e"
      "00010180"
      "00020180");
  EXPECT_EQ(OwnOpen().capabilities.find(64)->second, claimed);
  session_->OnClosed(now_, Side::kDialled, absl::OkStatus());
  Said();
  Wait(absl::Milliseconds(200));
  messages_.clear();
  Connect();
  EXPECT_EQ(OwnOpen().capabilities.find(64)->second, FromHex("001e"
                                                             "00010100"
                                                             "00020100"));

  restart_.until = now_ - absl::Seconds(1);
  messages_.clear();
  Establish();
  EXPECT_EQ(OwnOpen().capabilities.find(64)->second[0], 0);
}

TEST_F(SessionTest, EndsForGoodByWithdrawingAndSayingWhy) {
  Want("192.0.2.10/32");
  Establish();
  session_->End(
      now_, Session::Farewell::kWithdrawAndNotify,
      wire::Shutdown(wire::CeaseSubcode::kAdministrativeShutdown, "bye"));
  EXPECT_EQ(Said(), "UPDATE NOTIFICATION 6/2 03627965 close");
  EXPECT_EQ(Wait(absl::Hours(1)), "");
  EXPECT_FALSE(session_->Admit(now_));
}

TEST_F(SessionTest, LeavesWithoutAWord) {
  Want("192.0.2.10/32");
  Establish();
  session_->Leave(now_);
  EXPECT_EQ(Said(), "close");
  EXPECT_EQ(Wait(absl::Hours(1)), "");
}

TEST_F(SessionTest, EndsWhileItDialsWithoutAWord) {
  Start();
  Wait(absl::ZeroDuration());
  session_->End(now_, Session::Farewell::kNotify,
                wire::Fault(wire::CeaseSubcode::kPeerDeconfigured));
  EXPECT_EQ(Said(), "abandon");
  EXPECT_EQ(Wait(absl::Hours(1)), "");
}

TEST_F(SessionTest, ABfdFailureEndsItAndItDialsAtOnce) {
  Establish();
  session_->Reset(now_, wire::Fault(wire::CeaseSubcode::kBfdDown));
  EXPECT_EQ(Said(), "NOTIFICATION 6/10 close");
  EXPECT_EQ(Wait(absl::ZeroDuration()), "dial");
  // Nothing is there to be reset; it goes on dialling.
  session_->Reset(now_, wire::Fault(wire::CeaseSubcode::kBfdDown));
  EXPECT_EQ(Said(), "");
  EXPECT_EQ(session_->state(), SessionState::kConnect);
}

TEST_F(SessionTest, AnotherPasswordEndsNothing) {
  Establish();
  session_->SetPassword(now_, "secret");
  EXPECT_EQ(Said(), "key");
  EXPECT_EQ(session_->options().password, "secret");
  EXPECT_EQ(session_->state(), SessionState::kEstablished);
  session_->OnRekeyFailed(now_, Side::kDialled,
                          absl::UnimplementedError("no MD5 keys"));
  EXPECT_EQ(Said(), "NOTIFICATION 6/6 close");
  EXPECT_THAT(LastError(), HasSubstr("no MD5 keys"));
}

TEST_F(SessionTest, AnotherPasswordIsDialledWithAtOnce) {
  Start();
  Wait(absl::ZeroDuration());
  session_->SetPassword(now_, "secret");
  EXPECT_EQ(Said(), "abandon");
  EXPECT_EQ(Wait(absl::ZeroDuration()), "dial");
  session_->OnConnectFailed(now_, absl::DeadlineExceededError("no answer"));
  session_->SetPassword(now_, "other");
  EXPECT_EQ(Wait(absl::ZeroDuration()), "dial");
}

TEST_F(SessionTest, ThePeersReasonIsKept) {
  Establish();
  EXPECT_EQ(Hear(RawMessage(3,
                            "0602"
                            "06"
                            "73657276657a")),
            "close");
  EXPECT_THAT(LastError(), HasSubstr("servez"));
  const SessionError error = *session_->Status().last_error;
  EXPECT_EQ(error.origin, SessionError::Origin::kPeer);
  EXPECT_EQ(error.notification->subcode, 2);
  EXPECT_EQ(error.at, now_);
}

TEST_F(SessionTest, IdentifierIsChosenInThatOrder) {
  peer_open_.identifier = 1;
  local_.session = *net::ParseIpAddress("2001:db8::1");
  Establish();
  EXPECT_EQ(OwnOpen().identifier, 0x0a000001u);  // Of the interface.
  local_.ipv4 = std::nullopt;
  messages_.clear();
  Establish();
  const uint32_t of_name = OwnOpen().identifier;
  EXPECT_NE(of_name, 0u);
  EXPECT_NE(of_name, 0x0a000001u);
  options_.identifier = 7;
  messages_.clear();
  Establish();
  EXPECT_EQ(OwnOpen().identifier, 7u);
}

}  // namespace
}  // namespace lb::bgp
