// Which sessions a change of peers or routes touches.
#include "lb/bgp/speaker.h"

#include <string>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::bgp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kNow = absl::UnixEpoch() + absl::Seconds(1000);

PeerOptions Peer(int number) {
  return {.name = "p" + std::to_string(number),
          .address =
              net::IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(number)),
          .own_asn = {64512},
          .peer_as = {.asn = {65000}}};
}

RouteSet Routes(uint32_t count) {
  RouteSet routes;
  for (uint32_t n = 0; n < count; ++n) {
    EXPECT_THAT(routes.Set({{net::IpAddress::Ipv4(0x64400000 + n), 32}, {}}),
                IsOk());
  }
  return routes;
}

class SpeakerTest : public testing::Test {
 protected:
  // "1 dial", "1 close 2 dial", by the numbers of sessions.
  std::string Said() {
    speaker_.OnTimer(kNow);
    std::string said;
    for (const SpeakerOutput& output : speaker_.TakeOutgoing(kNow)) {
      const char* const kinds[] = {"dial", "abandon", "send", "close", "key"};
      if (!said.empty()) said += " ";
      said += std::to_string(output.session) + " " +
              kinds[static_cast<int>(output.output.kind)];
    }
    return said;
  }

  Speaker speaker_{{.node_name = "n1"}, Prng(1)};
};

TEST_F(SpeakerTest, ASecondCallWithTheSamePeersPlansNothing) {
  const PeersChange change = speaker_.SetPeers(kNow, {Peer(2), Peer(1)});
  EXPECT_THAT(change.added, ElementsAre("p1", "p2"));
  EXPECT_EQ(Said(), "2 dial 1 dial");  // By name.
  EXPECT_TRUE(speaker_.SetPeers(kNow, {Peer(1), Peer(2)}).empty());
  EXPECT_EQ(Said(), "");
}

TEST_F(SpeakerTest, OnlyThePeerThatChangedIsTouched) {
  speaker_.SetPeers(kNow, {Peer(1), Peer(2), Peer(3)});
  Said();
  PeerOptions other = Peer(2);
  other.hold_time = absl::Seconds(30);
  const PeersChange change = speaker_.SetPeers(kNow, {Peer(1), other, Peer(4)});
  EXPECT_THAT(change.added, ElementsAre("p4"));
  EXPECT_THAT(change.removed, ElementsAre("p3"));
  EXPECT_THAT(change.reset, ElementsAre("p2"));
  EXPECT_EQ(Said(), "3 abandon 2 abandon 4 dial 5 dial");
  EXPECT_EQ(speaker_.Find(2), nullptr);
  EXPECT_EQ(speaker_.Find(4)->options().name, "p2");
}

TEST_F(SpeakerTest, RoutesOutliveAChangeOfOptions) {
  speaker_.SetPeers(kNow, {Peer(1)});
  ASSERT_THAT(speaker_.SetRoutes("p1", Routes(3)), IsOk());
  PeerOptions other = Peer(1);
  other.port = 1179;
  EXPECT_THAT(speaker_.SetPeers(kNow, {other}).reset, ElementsAre("p1"));
  EXPECT_EQ(speaker_.Snapshot()[0].of_family[0].held_back, 3u);
}

TEST_F(SpeakerTest, AnotherPasswordIsNoReset) {
  speaker_.SetPeers(kNow, {Peer(1)});
  Said();
  PeerOptions other = Peer(1);
  other.password = "secret";
  EXPECT_THAT(speaker_.SetPeers(kNow, {other}).rekeyed, ElementsAre("p1"));
  EXPECT_EQ(Said(), "1 abandon 1 dial");
  EXPECT_TRUE(speaker_.SetPeers(kNow, {other}).empty());
}

TEST_F(SpeakerTest, ABadPeerIsRefusedAlone) {
  speaker_.SetPeers(kNow, {Peer(1), Peer(2)});
  Said();
  PeerOptions bad = Peer(2);
  bad.own_asn = {0};
  PeerOptions twin = Peer(3);
  twin.address = Peer(1).address;
  const PeersChange change =
      speaker_.SetPeers(kNow, {Peer(1), bad, Peer(1), twin, Peer(4)});
  ASSERT_THAT(change.refused, SizeIs(3));
  EXPECT_THAT(change.refused[0].why,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("peer p2: own AS")));
  EXPECT_THAT(change.refused[1].why,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("peer p1: want each name once")));
  EXPECT_THAT(change.refused[2].why,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("10.0.0.1:179 is peer p1 already")));
  EXPECT_THAT(change.added, ElementsAre("p4"));
  EXPECT_THAT(change.removed, IsEmpty());  // p2 keeps its good options.
  EXPECT_EQ(Said(), "3 dial");
  EXPECT_EQ(speaker_.Find(2)->options(), Peer(2));
}

TEST_F(SpeakerTest, PeersAreBounded) {
  std::vector<PeerOptions> peers;
  for (int n = 1; n <= 65; ++n) peers.push_back(Peer(n));
  const PeersChange change = speaker_.SetPeers(kNow, peers);
  EXPECT_THAT(change.added, SizeIs(Speaker::kPeersMax));
  ASSERT_THAT(change.refused, SizeIs(1));
  EXPECT_EQ(change.refused[0].name, "p65");
  EXPECT_THAT(change.refused[0].why,
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(SpeakerTest, RoutesAreBoundedOverAllPeers) {
  speaker_.SetPeers(kNow, {Peer(1), Peer(2)});
  ASSERT_THAT(speaker_.SetRoutes("p1", Routes(60'000)), IsOk());
  EXPECT_THAT(speaker_.SetRoutes("p2", Routes(40'001)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("100001 routes over all peers")));
  EXPECT_EQ(speaker_.Snapshot()[1].of_family[0].held_back, 0u);
  EXPECT_THAT(speaker_.SetRoutes("p2", Routes(40'000)), IsOk());
  const Route more = {*net::ParseIpPrefix("192.0.2.1/32"), {}};
  EXPECT_THAT(speaker_.ChangeRoutes("p2", {.set = {more}}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(speaker_.SetRoutes("p1", {}), IsOk());
  EXPECT_THAT(speaker_.ChangeRoutes("p2", {.set = {more}}), IsOk());
}

TEST_F(SpeakerTest, ARouteThatIsRefusedChangesNothing) {
  speaker_.SetPeers(kNow, {Peer(1)});
  const Route good = {*net::ParseIpPrefix("192.0.2.1/32"), {}};
  const Route bad = {*net::ParseIpPrefix("192.0.2.2/32"), {.prepends = 33}};
  EXPECT_THAT(speaker_.ChangeRoutes("p1", {.set = {good, bad}}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(speaker_.Snapshot()[0].of_family[0].held_back, 0u);
}

TEST_F(SpeakerTest, APeerThatIsNotThereIsNamed) {
  for (const absl::Status& status :
       {speaker_.SetRoutes("x", {}), speaker_.ChangeRoutes("x", {}),
        speaker_.PeerFailed(kNow, "x"), speaker_.ResetPeer(kNow, "x", "")}) {
    EXPECT_THAT(status,
                StatusIs(absl::StatusCode::kNotFound, "peer x: there is none"));
  }
}

TEST_F(SpeakerTest, AListenerIsOfThePeersThatMayDial) {
  PeerOptions passive = Peer(2);
  passive.opening = Opening::kListen;
  speaker_.SetPeers(kNow, {Peer(1), passive});
  EXPECT_EQ(speaker_.FindListener(Peer(1).address, {}), std::nullopt);
  EXPECT_EQ(speaker_.FindListener(passive.address, {}), 2u);
  EXPECT_EQ(speaker_.FindListener(Peer(3).address, {}), std::nullopt);
}

// Routers may have the same link-local address at two interfaces.
TEST_F(SpeakerTest, ALinkLocalListenerIsOfItsInterface) {
  std::vector<PeerOptions> peers;
  for (const char* const interface : {"eth0", "eth1"}) {
    PeerOptions peer = Peer(1);
    peer.name = interface;
    peer.address = *net::ParseIpAddress("fe80::a");
    peer.interface = interface;
    peer.opening = Opening::kListen;
    peers.push_back(peer);
  }
  const net::IpAddress router = peers[0].address;
  EXPECT_THAT(speaker_.SetPeers(kNow, peers).refused, IsEmpty());
  EXPECT_EQ(speaker_.FindListener(router, {{"eth0"}}), 1u);
  EXPECT_EQ(speaker_.FindListener(router, {{"eth1"}}), 2u);
  EXPECT_EQ(speaker_.FindListener(router, {{"eth2"}}), std::nullopt);
}

TEST_F(SpeakerTest, StopAndLeaveEndAll) {
  speaker_.SetPeers(kNow, {Peer(1), Peer(2)});
  Said();
  speaker_.Stop(kNow, "bye");
  EXPECT_EQ(Said(), "1 abandon 2 abandon");
  EXPECT_THAT(speaker_.Snapshot(), IsEmpty());
  EXPECT_EQ(speaker_.NextDeadline(), absl::InfiniteFuture());
  speaker_.SetPeers(kNow, {Peer(1)});
  EXPECT_EQ(Said(), "3 dial");
  speaker_.Leave(kNow);
  EXPECT_EQ(Said(), "3 abandon");
}

}  // namespace
}  // namespace lb::bgp
