#include "lb/bfd/endpoint.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::bfd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const net::IpAddress kOwn = *net::ParseIpAddress("10.0.0.2");
const net::IpAddress kRouter = *net::ParseIpAddress("10.0.0.1");
const net::IpAddress kFarRouter = *net::ParseIpAddress("192.0.2.1");

class EndpointTest : public testing::Test {
 protected:
  // A packet of the router to us, by eth0; the tests change what they are
  // about.
  static ControlPacket Packet() {
    return {.state = State::kDown,
            .detect_multiplier = 3,
            .my_discriminator = 9,
            .desired_min_tx = absl::Seconds(1),
            .required_min_rx = absl::Milliseconds(300)};
  }
  ReceivedPacket Received(const ControlPacket& packet) {
    bytes_ = SerializeControlPacket(packet);
    return {.way = {.from = kRouter, .to = kOwn, .interface = "eth0"},
            .ttl = 255,
            .arrived = now_,
            .payload = bytes_};
  }
  Verdict Hear(const ReceivedPacket& received) {
    return endpoint_.OnDatagram(now_, received);
  }
  Verdict Hear(const ControlPacket& packet) { return Hear(Received(packet)); }

  void Want(const Endpoint::Sessions& sessions) {
    EXPECT_THAT(endpoint_.SetSessions(now_, sessions), IsOk());
  }
  SessionStatus StatusOf(const SessionKey& key) {
    return endpoint_.Statuses().at(key);
  }
  void BringUp(const SessionKey& key) {
    EXPECT_EQ(Hear(Packet()), Verdict::kAccepted);
    ControlPacket up = Packet();
    up.state = State::kUp;
    up.your_discriminator = StatusOf(key).discriminator;
    EXPECT_EQ(Hear(up), Verdict::kAccepted);
    EXPECT_EQ(StatusOf(key).state, State::kUp);
  }
  void RunFor(absl::Duration time) {
    const absl::Time end = now_ + time;
    while (endpoint_.NextDeadline() <= end) {
      now_ = endpoint_.NextDeadline();
      endpoint_.OnTimer(now_);
    }
    now_ = end;
  }

  const SessionKey eth0_ = {.remote = kRouter, .interface = "eth0"};
  const SessionKey far_ = {.hops = Hops::kMulti, .remote = kFarRouter};
  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  Endpoint endpoint_{Prng(1)};
  std::array<uint8_t, kControlPacketSize> bytes_;
};

TEST_F(EndpointTest, EachSessionHasADiscriminatorOfItsOwn) {
  Endpoint::Sessions sessions;
  for (uint32_t i = 1; i <= kSessionsMax; ++i) {
    sessions[{.remote = net::IpAddress::Ipv4(0x0a000000 + i)}] = {};
  }
  Want(sessions);
  std::set<uint32_t> discriminators;
  for (const auto& [key, status] : endpoint_.Statuses()) {
    discriminators.insert(status.discriminator);
  }
  EXPECT_THAT(discriminators, SizeIs(kSessionsMax));
  EXPECT_FALSE(discriminators.contains(0));
  EXPECT_THAT(endpoint_.TakeOutgoing(), IsEmpty());
  endpoint_.OnTimer(now_);
  EXPECT_THAT(endpoint_.TakeOutgoing(), SizeIs(kSessionsMax));
}

TEST_F(EndpointTest, TooManySessionsChangeNothing) {
  Want({{eth0_, {}}});
  Endpoint::Sessions sessions;
  for (uint32_t i = 0; i <= kSessionsMax; ++i) {
    sessions[{.remote = net::IpAddress::Ipv4(0x0a000001 + i)}] = {};
  }
  EXPECT_THAT(endpoint_.SetSessions(now_, sessions),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("257, want at most 256")));
  EXPECT_THAT(
      endpoint_.SetSessions(now_, {{far_, {.detect_multiplier = 0}}}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("192.0.2.1")));
  EXPECT_THAT(endpoint_.Statuses(), SizeIs(1));
}

TEST_F(EndpointTest, EveryRuleHasItsVerdict) {
  Want({{eth0_, {}}, {far_, {.minimum_ttl = 200}}});
  ReceivedPacket received = Received(Packet());
  received.ttl = 254;
  EXPECT_EQ(Hear(received), Verdict::kLowTtl);
  received.payload.remove_suffix(1);  // It is not even looked at.
  EXPECT_EQ(Hear(received), Verdict::kLowTtl);
  received = Received(Packet());
  received.payload.remove_suffix(1);
  EXPECT_EQ(Hear(received), Verdict::kTooShort);
  received = Received(Packet());
  received.way.from = kFarRouter;
  EXPECT_EQ(Hear(received), Verdict::kUnknownPeer);
  received = Received(Packet());
  received.way.interface = "eth1";
  EXPECT_EQ(Hear(received), Verdict::kUnknownPeer);
  // Those that name a session.
  ControlPacket named = Packet();
  named.your_discriminator = 12345;
  EXPECT_EQ(Hear(named), Verdict::kUnknownDiscriminator);
  named.your_discriminator = StatusOf(eth0_).discriminator;
  received = Received(named);
  received.way.interface = "eth1";
  EXPECT_EQ(Hear(received), Verdict::kWrongInterface);
  received = Received(named);
  received.way.hops = Hops::kMulti;
  EXPECT_EQ(Hear(received), Verdict::kWrongPort);
  named.your_discriminator = StatusOf(far_).discriminator;
  EXPECT_EQ(Hear(named), Verdict::kWrongPort);
  received = Received(named);
  received.way.hops = Hops::kMulti;
  received.ttl = 199;
  EXPECT_EQ(Hear(received), Verdict::kLowTtl);
  // No session has changed, and each verdict is counted.
  for (const auto& [key, status] : endpoint_.Statuses()) {
    EXPECT_EQ(status.counters.control_packet_input, 0u);
  }
  received.ttl = 200;
  EXPECT_EQ(Hear(received), Verdict::kAccepted);
  EXPECT_EQ(endpoint_.verdicts()[Verdict::kLowTtl], 3u);
  EXPECT_EQ(endpoint_.verdicts()[Verdict::kUnknownPeer], 2u);
  EXPECT_EQ(endpoint_.verdicts()[Verdict::kWrongPort], 2u);
  EXPECT_EQ(endpoint_.verdicts()[Verdict::kAccepted], 1u);
}

// Packets to an earlier run of this node name a session that it had.
TEST_F(EndpointTest, AnotherRunHasOtherDiscriminators) {
  Want({{eth0_, {}}});
  Endpoint other(Prng(2));
  EXPECT_THAT(other.SetSessions(now_, {{eth0_, {}}}), IsOk());
  EXPECT_NE(other.Statuses().at(eth0_).discriminator,
            StatusOf(eth0_).discriminator);
}

TEST_F(EndpointTest, EventsNameTheSession) {
  Want({{eth0_, {}}});
  BringUp(eth0_);
  EXPECT_THAT(endpoint_.TakeEvents(),
              ElementsAre(SessionEvent{eth0_, SessionChange::kUp}));
  RunFor(absl::Seconds(4));
  EXPECT_THAT(endpoint_.TakeEvents(),
              ElementsAre(SessionEvent{eth0_, SessionChange::kPeerFailed,
                                       Diagnostic::kDetectionExpired}));
}

TEST_F(EndpointTest, OtherOptionsAreTheSameSession) {
  Want({{eth0_, {}}});
  BringUp(eth0_);
  const uint32_t discriminator = StatusOf(eth0_).discriminator;
  endpoint_.TakeEvents();
  Want({{eth0_, {.desired_min_tx = absl::Milliseconds(50)}}});
  EXPECT_EQ(StatusOf(eth0_).state, State::kUp);
  EXPECT_EQ(StatusOf(eth0_).discriminator, discriminator);
  EXPECT_THAT(endpoint_.TakeEvents(), IsEmpty());
}

TEST_F(EndpointTest, ASessionThatLeavesSaysSoForAWhile) {
  Want({{eth0_, {}}, {far_, {}}});
  BringUp(eth0_);
  endpoint_.TakeOutgoing();
  endpoint_.TakeEvents();
  Want({{far_, {}}});
  EXPECT_THAT(endpoint_.Statuses(), SizeIs(1));
  EXPECT_THAT(endpoint_.SendingKeys(), SizeIs(2));
  EXPECT_THAT(endpoint_.TakeEvents(),
              ElementsAre(SessionEvent{eth0_, SessionChange::kDisabled,
                                       Diagnostic::kAdministrativelyDown}));
  RunFor(absl::Seconds(3));
  int admin_down = 0;
  for (const OutgoingPacket& packet : endpoint_.TakeOutgoing()) {
    if (packet.key != eth0_) continue;
    EXPECT_EQ(ParseControlPacket(packet.bytes).packet.state, State::kAdminDown);
    ++admin_down;
  }
  EXPECT_GE(admin_down, 3);
  EXPECT_EQ(endpoint_.size(), 1u);
  EXPECT_EQ(Hear(Packet()), Verdict::kUnknownPeer);
}

TEST_F(EndpointTest, ASessionThatIsWantedAgainStays) {
  Want({{eth0_, {}}});
  BringUp(eth0_);
  const uint32_t discriminator = StatusOf(eth0_).discriminator;
  Want({});
  RunFor(absl::Seconds(1));
  Want({{eth0_, {}}});
  EXPECT_EQ(StatusOf(eth0_).state, State::kDown);
  EXPECT_EQ(StatusOf(eth0_).discriminator, discriminator);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(endpoint_.size(), 1u);
}

TEST_F(EndpointTest, NoMoreLeaveThanMayBeWanted) {
  const auto sessions = [](uint32_t network) {
    Endpoint::Sessions all;
    for (uint32_t i = 1; i <= kSessionsMax; ++i) {
      all[{.remote = net::IpAddress::Ipv4(network + i)}] = {};
    }
    return all;
  };
  for (uint32_t network = 0x0a000000; network < 0x0a050000;
       network += 0x10000) {
    Want(sessions(network));
    EXPECT_LE(endpoint_.size(), 2 * kSessionsMax);
    EXPECT_THAT(endpoint_.Statuses(), SizeIs(kSessionsMax));
  }
  Want({});
  RunFor(absl::Seconds(4));
  EXPECT_EQ(endpoint_.size(), 0u);
  EXPECT_EQ(endpoint_.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(EndpointTest, PacketsThatNoneTakesAreDroppedAndCounted) {
  Want({{eth0_, {}}});
  RunFor(absl::Seconds(1));
  EXPECT_EQ(endpoint_.packets_dropped(), 0u);
  ControlPacket poll = Packet();
  poll.poll = true;
  for (size_t i = 0; i < kOutgoingMax; ++i) Hear(poll);
  EXPECT_GT(endpoint_.packets_dropped(), 0u);
  EXPECT_THAT(endpoint_.TakeOutgoing(), SizeIs(kOutgoingMax));
}

TEST_F(EndpointTest, SaysBeforeItJudgesSilence) {
  Want({{eth0_, {}}});
  BringUp(eth0_);
  EXPECT_FALSE(endpoint_.HasSilentPeer(now_ + absl::Milliseconds(2999)));
  EXPECT_TRUE(endpoint_.HasSilentPeer(now_ + absl::Seconds(3)));
  // What waited in the socket.
  now_ += absl::Seconds(3);
  ControlPacket up = Packet();
  up.state = State::kUp;
  up.your_discriminator = StatusOf(eth0_).discriminator;
  ReceivedPacket received = Received(up);
  received.arrived = now_ - absl::Milliseconds(10);
  EXPECT_EQ(Hear(received), Verdict::kAccepted);
  EXPECT_FALSE(endpoint_.HasSilentPeer(now_));
  // A stamp from the future is one of now.
  received.arrived = now_ + absl::Hours(1);
  EXPECT_EQ(Hear(received), Verdict::kAccepted);
  EXPECT_TRUE(endpoint_.HasSilentPeer(now_ + absl::Seconds(3)));
}

}  // namespace
}  // namespace lb::bfd
