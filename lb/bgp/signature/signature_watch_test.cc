// A node that does not come up beside a router that dials, in the simulation.
#include "lb/bgp/signature/signature_watch.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/bgp/signature/testing/syn_frame.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/testing/counted_frames.h"

namespace lb::bgp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

net::IpAddress Ip(const char* text) { return *net::ParseIpAddress(text); }

class SignatureWatchTest : public testing::Test {
 protected:
  SignatureWatchTest() {
    SignatureWatchPorts ports = SignatureWatchPorts::From(node_->environment());
    ports.frames = &frames_;
    watch_ = std::make_unique<SignatureWatch>(ports);
  }
  ~SignatureWatchTest() override {
    node_->Crash();
    router_->Crash();
  }

  static PeerOptions Peer(const std::string& password) {
    return {.name = "tor", .address = Ip("10.0.0.254"), .password = password};
  }
  void Follow(const PeerOptions& peer) { watch_->Follow({{peer.name, peer}}); }
  // The router sends a SYN, and this is what the watch has then.
  std::optional<SignatureSeen> Hear(SynFrame syn) {
    syn.to_mac = node_->mac();
    EXPECT_TRUE(port_->Send(MakeSynFrame(syn)).ok());
    world_.loop().RunFor(absl::Milliseconds(10));
    return watch_->seen("tor");
  }
  static SynFrame Syn(const std::string& key) {
    return {.from = {Ip("10.0.0.254"), 40000},
            .to = {Ip("10.0.0.1"), 179},
            .key = key};
  }
  std::vector<std::string> Events() {
    std::vector<std::string> texts;
    for (const Event& event : node_->log().Since(0)) {
      texts.push_back(event.reason + " " + event.object.name + ": " +
                      event.message);
    }
    return texts;
  }

  io::SimWorld world_{1};
  io::SimHost* const node_ =
      world_.AddHost({.name = "n1",
                      .addresses = {*net::ParseIpPrefix("10.0.0.1/24"),
                                    *net::ParseIpPrefix("fd00::1/64")}});
  io::SimHost* const router_ = world_.AddHost("tor", "10.0.0.254/24");
  io::CountedFrames frames_{node_->environment().frames};
  std::unique_ptr<io::FramePort> port_ =
      *router_->environment().frames->Open("eth0", "tcp");
  std::unique_ptr<SignatureWatch> watch_;
};

TEST_F(SignatureWatchTest, EachPairOfPasswordsHasItsName) {
  struct Row {
    const char* ours;
    const char* theirs;
    SignatureSeen seen;
  };
  const Row rows[] = {
      {"", "", SignatureSeen::kSame},      {"a", "a", SignatureSeen::kSame},
      {"a", "b", SignatureSeen::kAnother}, {"a", "", SignatureSeen::kMissing},
      {"", "b", SignatureSeen::kSurplus},
  };
  for (const Row& row : rows) {
    watch_->Follow({});
    Follow(Peer(row.ours));
    EXPECT_EQ(watch_->seen("tor"), std::nullopt);
    EXPECT_THAT(Hear(Syn(row.theirs)), Optional(row.seen))
        << row.ours << " and " << row.theirs;
  }
  EXPECT_THAT(
      Events(),
      ElementsAre(
          "PasswordDiffers tor: the router signs with another password",
          "PasswordDiffers tor: the router does not sign: it has no password "
          "for this node",
          "PasswordDiffers tor: the router signs: it has a password, and this "
          "node has none"));
}

TEST_F(SignatureWatchTest, TheLastSynCountsAndIsToldOnce) {
  Follow(Peer("a"));
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Hear(Syn("b")), Optional(SignatureSeen::kAnother));
    EXPECT_THAT(Hear(Syn("a")), Optional(SignatureSeen::kSame));
  }
  EXPECT_EQ(Events().size(), 1u);
}

TEST_F(SignatureWatchTest, AnotherPasswordOfThisNodeBeginsFromNothing) {
  Follow(Peer("a"));
  EXPECT_THAT(Hear(Syn("b")), Optional(SignatureSeen::kAnother));
  Follow(Peer("b"));
  EXPECT_EQ(watch_->seen("tor"), std::nullopt);
  EXPECT_THAT(Hear(Syn("b")), Optional(SignatureSeen::kSame));
}

TEST_F(SignatureWatchTest, AnAnswerToThisNodesDialCountsToo) {
  Follow(Peer("a"));
  SynFrame answer = Syn("b");
  answer.from.port = 179;
  answer.to.port = 40000;
  EXPECT_THAT(Hear(answer), Optional(SignatureSeen::kAnother));
}

TEST_F(SignatureWatchTest, WhatIsNotForTheSessionIsNotSeen) {
  PeerOptions peer = Peer("a");
  Follow(peer);
  SynFrame other = Syn("b");
  other.from.address = Ip("10.0.0.253");
  EXPECT_EQ(Hear(other), std::nullopt) << "another host";
  other = Syn("b");
  other.to.address = Ip("10.0.0.7");
  EXPECT_EQ(Hear(other), std::nullopt) << "to a host behind this node";
  other = Syn("b");
  other.to.port = 180;
  EXPECT_EQ(Hear(other), std::nullopt) << "to another port";
  other = Syn("b");
  other.from.port = 179;
  other.to.port = 40000;
  peer.port = 1790;
  Follow(peer);
  EXPECT_EQ(Hear(other), std::nullopt) << "from another port";
  peer.source = Ip("10.0.0.2");
  Follow(peer);
  EXPECT_EQ(Hear(Syn("b")), std::nullopt) << "to another program of the node";
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(SignatureWatchTest, Ipv6IsSeenToo) {
  PeerOptions peer = Peer("a");
  peer.address = Ip("fd00::fe");
  Follow(peer);
  SynFrame syn = Syn("b");
  syn.from.address = Ip("fd00::fe");
  syn.to.address = Ip("fd00::1");
  EXPECT_THAT(Hear(syn), Optional(SignatureSeen::kAnother));
}

TEST_F(SignatureWatchTest, APortIsOpenWhilePeersAreBehindIt) {
  EXPECT_EQ(frames_.opened, 0);
  const PeerOptions peer = Peer("a");
  PeerOptions second = Peer("c");
  second.name = "second";
  second.source = Ip("10.0.0.9");
  watch_->Follow({{"tor", peer}, {"second", second}});
  EXPECT_EQ(frames_.opened, 1) << "both are behind one link";
  Follow(peer);
  EXPECT_EQ(frames_.opened, 1);
  EXPECT_THAT(Hear(Syn("b")), Optional(SignatureSeen::kAnother));
  Follow(peer);
  EXPECT_THAT(watch_->seen("tor"), Optional(SignatureSeen::kAnother));
  watch_->Follow({});
  EXPECT_EQ(Hear(Syn("b")), std::nullopt);
  Follow(peer);
  EXPECT_EQ(frames_.opened, 2);
}

TEST_F(SignatureWatchTest, APortThatIsRefusedIsTriedAgain) {
  frames_.refuses = true;
  Follow(Peer("a"));
  EXPECT_EQ(Hear(Syn("b")), std::nullopt);
  frames_.refuses = false;
  watch_->OnLinks();
  EXPECT_THAT(Hear(Syn("b")), Optional(SignatureSeen::kAnother));
}

TEST_F(SignatureWatchTest, APeerWithoutAWayHasNoPort) {
  PeerOptions peer = Peer("a");
  peer.address = Ip("203.0.113.1");
  Follow(peer);
  EXPECT_EQ(frames_.opened, 0);
  peer.interface = "eth0";
  Follow(peer);
  EXPECT_EQ(frames_.opened, 1) << "the object names the interface";
}

}  // namespace
}  // namespace lb::bgp
