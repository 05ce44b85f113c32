// What a host without the key recorded and plays back keeps no dead member
// alive.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/testing/cluster_fixture.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/datagram_transport.h"

namespace lb::gossip {
namespace {

using Recording = std::vector<std::vector<uint8_t>>;

// Hands on what comes, and keeps a copy.
class Recorder final : public io::DatagramTransport {
 public:
  Recorder(io::DatagramTransport* datagrams, Recording* recording)
      : datagrams_(datagrams), recording_(recording) {}

  net::Endpoint local() const override { return datagrams_->local(); }
  absl::Status Send(const net::Endpoint& to,
                    absl::Span<const uint8_t> payload) override {
    return datagrams_->Send(to, payload);
  }
  void SetReceiver(Receiver receiver) override {
    if (!receiver) return datagrams_->SetReceiver({});
    datagrams_->SetReceiver(
        [recording = recording_, receiver = std::move(receiver)](
            const net::Endpoint& from,
            absl::Span<const uint8_t> payload) mutable {
          recording->emplace_back(payload.begin(), payload.end());
          receiver(from, payload);
        });
  }

 private:
  io::DatagramTransport* const datagrams_;
  Recording* const recording_;
};

class ReplayTest : public GossipNodeTest {
 protected:
  ReplayTest() {
    EXPECT_TRUE(
        options_.keyring.AddSecret("the secret", wire::KeyDerivation::kSha256)
            .ok());
  }

  ~ReplayTest() override { nodes_.clear(); }  // Before the recorder.

  // n1, whose datagrams are recorded.
  void StartRecorded() {
    Node& node = At(1);
    Ports ports = Ports::From(node.host->environment());
    recorder_ = std::make_unique<Recorder>(ports.datagrams, &recording_);
    ports.datagrams = recorder_.get();
    GossipNodeOptions options = options_;
    options.gossip = FastProfile();
    options.self.name = node.host->name();
    options.self.endpoint = node.host->endpoint();
    node.gossip = *GossipNode::Create(options, ports);
    node.crashed = false;
    node.gossip->SetObserver(
        [this](const GossipEvent& event) { At(1).events.push_back(event); });
    node.gossip->Start();
    EXPECT_TRUE(node.gossip->Join(Seeds()).ok());
  }
  bool KnowsN2() {
    const auto member = Gossip(1).Find("n2");
    return member && member->is_up() && member->verified;
  }

  Recording recording_;
  std::unique_ptr<Recorder> recorder_;
};

TEST_F(ReplayTest, OfAnEarlierRunKeepsNoDeadMemberAlive) {
  options_.gossip = FastProfile();
  AddNode();
  AddNode();
  StartRecorded();
  StartNode(2);
  world_->loop().RunFor(absl::Seconds(45));
  ASSERT_TRUE(KnowsN2());
  const Recording old = std::exchange(recording_, {});
  ASSERT_GT(old.size(), 400u);

  Crash(1);
  At(1).host->Restart();
  StartRecorded();
  ASSERT_TRUE(
      world_->loop().RunUntil([&] { return KnowsN2(); }, absl::Seconds(5)));
  world_->loop().RunFor(absl::Seconds(1));
  Crash(2);
  io::SimHost* const attacker = world_->AddHost("attacker", "10.0.0.99/24");
  for (absl::Duration at; at < absl::Seconds(2); at += absl::Milliseconds(40)) {
    for (const auto& packet : old) {
      attacker->environment()
          .datagrams->Send(At(1).host->endpoint(), packet)
          .IgnoreError();
    }
    world_->loop().RunFor(absl::Milliseconds(40));
  }
  EXPECT_EQ(Gossip(1).Find("n2")->state, wire::NodeState::kDead);
}

// The numbers of two runs have nothing to do with each other.
TEST_F(ReplayTest, EachRunBeginsAtANumberOfItsOwn) {
  options_.keyring = {};
  options_.gossip = FastProfile();
  AddNode();
  AddNode();
  std::vector<uint32_t> firsts;
  StartRecorded();
  for (int run = 0; run < 4; ++run) {
    if (run > 0) At(2).host->Restart();
    StartNode(2);
    recording_.clear();
    world_->loop().RunFor(absl::Seconds(3));
    const wire::Codec codec({}, {}, [] { return wire::Nonce{}; });
    for (const auto& packet : recording_) {
      const auto decoded = codec.DecodePacket(packet);
      ASSERT_THAT(decoded, IsOk());
      const auto* ping = std::get_if<wire::Ping>(&decoded->messages[0]);
      // Pings of newcomers have numbers of their own.
      if (ping == nullptr || ping->sequence >= 1u << 31) continue;
      firsts.push_back(ping->sequence);
      break;
    }
    ASSERT_EQ(firsts.size(), static_cast<size_t>(run) + 1);
    for (int i = 0; i < run; ++i) {
      const int64_t apart = int64_t{firsts[run]} - firsts[i];
      EXPECT_GT(std::abs(apart), 100'000) << firsts[run];
    }
    Crash(2);
  }
}

}  // namespace
}  // namespace lb::gossip
