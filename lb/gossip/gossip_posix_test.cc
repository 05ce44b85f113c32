// GossipNode on lb/io/posix, over 127.0.0.1: what a simulated loop cannot show.
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/tcp_transport.h"
#include "lb/io/posix/udp_transport.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

const net::Endpoint kLoopback = {net::IpAddress::Ipv4(0x7f000001), 0};

// A node, and a peer of it that is a bare socket.
class GossipPosixTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(Bind(node_datagrams_), IsOk());
    ASSERT_THAT(Bind(peer_), IsOk());
    auto streams = io::TcpTransport::Create(&loop_, kLoopback);
    ASSERT_THAT(streams, IsOk());
    node_streams_ = *std::move(streams);
    GossipNodeOptions options{
        .self = {.name = "node", .endpoint = node_datagrams_->local()},
        .gossip = FastProfile()};
    options.gossip.streams.push_pull_interval = absl::ZeroDuration();
    auto node = GossipNode::Create(options, {.loop = &loop_,
                                             .datagrams = node_datagrams_.get(),
                                             .streams = node_streams_.get(),
                                             .prng = Prng(1),
                                             .random_bytes = &io::FillRandom});
    ASSERT_THAT(node, IsOk());
    node_ = *std::move(node);
    node_->Start();
  }

  absl::Status Bind(std::unique_ptr<io::UdpTransport>& transport) {
    auto bound = io::UdpTransport::Create(&loop_, kLoopback);
    if (!bound.ok()) return bound.status();
    transport = *std::move(bound);
    return absl::OkStatus();
  }
  void Send(const wire::Message& message) {
    EXPECT_THAT(peer_->Send(node_datagrams_->local(),
                            codec_.EncodePacket({wire::EncodeMessage(message)},
                                                wire::Checksum::kNone)),
                IsOk());
  }
  void Introduce() {
    Send(wire::Alive{.incarnation = 1,
                     .node = "peer",
                     .address = peer_->local().address.ToBytes(),
                     .port = peer_->local().port,
                     .versions = wire::Bytes{1, 5, 2, 0, 0, 0}});
  }

  io::PosixLoop loop_;
  std::unique_ptr<io::UdpTransport> node_datagrams_;
  std::unique_ptr<io::TcpTransport> node_streams_;
  std::unique_ptr<io::UdpTransport> peer_;
  std::unique_ptr<GossipNode> node_;
  const wire::Codec codec_{{}, wire::Keyring(), [] { return wire::Nonce{}; }};
};

// Each ack is answered with the next ping, so that there are always some in the
// node's socket when its timer is due.
TEST_F(GossipPosixTest, AFloodOfPingsDoesNotStopTheNewcomers) {
  const wire::Ping ping{.sequence = 1, .node = "node"};
  peer_->SetReceiver([&](const net::Endpoint&, absl::Span<const uint8_t>) {
    for (int n = 0; n < 2; ++n) Send(ping);
  });
  Introduce();
  Send(ping);
  EXPECT_TRUE(loop_.RunUntil(
      [&] { return node_->counters().detection.newcomer_pings >= 4; },
      absl::Seconds(5)));
}

}  // namespace
}  // namespace lb::gossip
