// Real peers on loopback: the doctor finds which of them has another key.
#include "daemon/lbctl/key_trial.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/tcp_transport.h"
#include "lb/io/posix/udp_transport.h"

namespace lb::lbctl {
namespace {

using gossip::wire::KeyDerivation;
using gossip::wire::Keyring;
using ::testing::ElementsAre;

Keyring RingOf(const std::string& secret,
               KeyDerivation derivation = KeyDerivation::kSha256) {
  Keyring keyring;
  EXPECT_TRUE(keyring.AddSecret(secret, derivation).ok());
  return keyring;
}

// A member on the test's own loop.
class Peer {
 public:
  Peer(io::PosixLoop* loop, const Keyring& keyring) {
    const net::Endpoint any = {net::IpAddress::Ipv4(0x7f000001), 0};
    streams_ = *io::TcpTransport::Create(loop, any);
    datagrams_ = *io::UdpTransport::Create(loop, streams_->local());
    auto node = gossip::GossipNode::Create(
        {.self = {.name = "peer", .endpoint = endpoint()},
         .gossip = gossip::FastProfile(),
         .keyring = keyring},
        {.loop = loop,
         .datagrams = datagrams_.get(),
         .streams = streams_.get(),
         .random_bytes = &io::FillRandom});
    EXPECT_TRUE(node.ok()) << node.status();
    node_ = *std::move(node);
    node_->Start();
  }
  net::Endpoint endpoint() const { return streams_->local(); }

 private:
  std::unique_ptr<io::TcpTransport> streams_;
  std::unique_ptr<io::UdpTransport> datagrams_;
  std::unique_ptr<gossip::GossipNode> node_;
};

TEST(TryKeysTest, TellsEachKindOfPeer) {
  io::PosixLoop loop;
  Keyring older;
  ASSERT_TRUE(
      older.Add(gossip::wire::MetallbKey("s", KeyDerivation::kLegacy)).ok());
  const Peer same(&loop, RingOf("s", KeyDerivation::kLegacy));
  const Peer other(&loop, RingOf("s\n"));
  const Peer clear(&loop, {});
  const Peer legacy(&loop, older);
  const std::vector<net::Endpoint> endpoints = {
      same.endpoint(),
      other.endpoint(),
      clear.endpoint(),
      legacy.endpoint(),
      // No process listens there.
      {net::IpAddress::Ipv4(0x7f000001), 1}};
  EXPECT_THAT(TryKeys(&loop, endpoints, RingOf("s")),
              ElementsAre(KeyVerdict::kUnderstood, KeyVerdict::kOtherKey,
                          KeyVerdict::kTheirsClear,
                          KeyVerdict::kOtherDerivation, KeyVerdict::kUntried));
  EXPECT_THAT(TryKeys(&loop, endpoints, {}),
              ElementsAre(KeyVerdict::kOursClear, KeyVerdict::kOursClear,
                          KeyVerdict::kUnderstood, KeyVerdict::kOursClear,
                          KeyVerdict::kUntried));
}

}  // namespace
}  // namespace lb::lbctl
