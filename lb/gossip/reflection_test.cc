// No attacker gains by sending through a node: the answers to generated
// datagrams are at most 1.5 times as many bytes, wherever they go.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/testing/membership_fixture.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/compound.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/message_codec.h"

namespace lb::gossip {
namespace {

using wire::Bytes;

constexpr size_t kDatagramMax = 1400;
const Bytes kKey(32, 'k');

// Datagrams of an attacker, as small and as full as they can be.
class Generator {
 public:
  explicit Generator(uint64_t seed) : prng_(seed) {}

  Bytes Packet(bool is_sealed) {
    Bytes packet = Layers(/*depth=*/0);
    while (packet.size() > kDatagramMax) packet = Layers(/*depth=*/0);
    if (!is_sealed) return packet;
    return wire::Seal({.version = wire::EncryptionVersion::kUnpadded,
                       .key = kKey,
                       .nonce = wire::Nonce{}},
                      packet, {});
  }
  uint64_t Draw(uint64_t below) { return prng_.Uniform(below); }

 private:
  Bytes Layers(int depth) {
    const uint64_t kind = depth > 4 ? 0 : prng_.Uniform(4);
    if (kind == 0) return Message();
    if (kind == 1) return wire::Compress(Layers(depth + 1));
    const Bytes part = kind == 2 ? Message() : Layers(depth + 1);
    const size_t fits = kDatagramMax / (part.size() + 2);
    std::vector<Bytes> parts(
        std::clamp<size_t>(1 + prng_.Uniform(fits + 1), 1, 255), part);
    for (Bytes& each : parts) {
      if (prng_.Chance(20)) each = Message();
    }
    return wire::MakeCompound(parts);
  }

  Bytes Message() {
    switch (prng_.Uniform(6)) {
      case 0:
        return {0x00, 0x80};  // A ping that says nothing.
      case 1:                 // An indirect ping of a target only.
        return {0x01, 0x81, 0xa6, 'T', 'a', 'r', 'g',
                'e',  't',  0xa4, 10,  0,   0,   3};
      case 2:
        return {0x01, 0x83, 0xa4, 'N', 'o',  'd',  'e',  0xa1, 'c',
                0xa4, 'N',  'a',  'c', 'k',  0xc3, 0xa6, 'T',  'a',
                'r',  'g',  'e',  't', 0xa4, 10,   0,    0,    3};
      case 3:
      case 4:
        return wire::EncodeMessage(
            wire::Ping{.sequence = static_cast<uint32_t>(prng_.Next()),
                       .node = prng_.Chance(50) ? "self" : "",
                       .source = Source()});
      default:
        return wire::EncodeMessage(wire::IndirectPing{
            .sequence = static_cast<uint32_t>(prng_.Next()),
            .target = Bytes{10, 0, 0, static_cast<uint8_t>(prng_.Uniform(12))},
            .port = static_cast<uint16_t>(prng_.Chance(80) ? 7946 : 53),
            .node = Name(),
            .nack = prng_.Chance(50),
            .source = Source()});
    }
  }

  std::string Name() {
    return std::string(1, static_cast<char>('b' + prng_.Uniform(6)));
  }

  wire::Source Source() {
    if (prng_.Chance(30)) return {};
    return {.address = Bytes{10, 0, 0, static_cast<uint8_t>(prng_.Uniform(12))},
            .port = static_cast<uint16_t>(prng_.Chance(80) ? 7946 : 53),
            .node = Name()};
  }

  Prng prng_;
};

class ReflectionTest : public MembershipTest,
                       public testing::WithParamInterface<bool> {
 protected:
  // Bytes that went out since the last call, and to whom.
  std::map<net::Endpoint, size_t> TakeSent() {
    std::map<net::Endpoint, size_t> bytes;
    for (const OutgoingPacket& packet : core_->TakeOutgoing()) {
      bytes[packet.to] +=
          codec_.EncodePacket(packet.messages, packet.checksum).size();
    }
    return bytes;
  }
  bool IsMembers(const net::Endpoint& endpoint) const {
    for (const Member& member : core_->Members()) {
      if (member.endpoint == endpoint) return true;
    }
    return false;
  }
  static wire::Keyring Keys(bool is_sealed) {
    wire::Keyring keys;
    const bool is_added = !is_sealed || keys.Add(kKey).ok();
    EXPECT_TRUE(is_added);
    return keys;
  }

  const wire::Codec codec_{{}, Keys(GetParam()), [] { return wire::Nonce{}; }};
};

TEST_P(ReflectionTest, AnswersAreFewerBytesThanHalfAsManyMore) {
  constexpr int kPackets = 20'000;
  KnowMembers({"b", "c", "d"});
  core_->SetPacketOverhead(codec_.packet_overhead());
  Generator generator(/*seed=*/1);
  std::map<net::Endpoint, size_t> received;
  std::map<net::Endpoint, size_t> caused;
  size_t answers = 0;
  for (int n = 0; n < kPackets; ++n) {
    // Strangers, and forged addresses of members.
    const net::Endpoint from = At(static_cast<uint32_t>(
        generator.Draw(2) == 0 ? 2 + generator.Draw(3)
                               : 100 + generator.Draw(4)));
    const Bytes packet = generator.Packet(GetParam());
    received[from] += packet.size();
    now_ += absl::Milliseconds(generator.Draw(4));
    if (const auto decoded = codec_.DecodePacket(packet); decoded.ok()) {
      core_->OnPacket(now_, from, decoded->messages, packet.size());
    }
    for (const auto& [to, bytes] : TakeSent()) {
      ++answers;
      caused[from] += bytes;
      EXPECT_TRUE(to == from || IsMembers(to)) << to.ToString();
    }
    ASSERT_LE(static_cast<double>(caused[from]),
              1.5 * static_cast<double>(received[from] + 1))
        << "packet " << n << " from " << from.ToString();
  }
  EXPECT_GT(answers, 1000u);  // Else the packets are too bad.
}

// Nacks come later: the relays of a second, and no more of a datagram.
TEST_P(ReflectionTest, WhatComesLaterIsPaidForToo) {
  KnowMembers({"b", "c", "d"});
  core_->SetPacketOverhead(codec_.packet_overhead());
  size_t received = 0;
  size_t sent = 0;
  for (uint32_t n = 0; n < 200; ++n) {
    const Bytes packet = codec_.EncodePacket(
        {wire::EncodeMessage(Ask("b", "c", n))}, wire::Checksum::kNone);
    received += packet.size();
    const auto decoded = codec_.DecodePacket(packet);
    core_->OnPacket(now_, At(200), decoded->messages, packet.size());
    for (const auto& [to, bytes] : TakeSent()) sent += bytes;
  }
  now_ += options_.probe.timeout * 0.85;
  core_->OnTimer(now_);
  for (const OutgoingPacket& packet : core_->TakeOutgoing()) {
    const auto message = wire::ParseMessage(packet.messages[0]);
    // Probes are our own.
    if (!std::holds_alternative<wire::Nack>(*message)) continue;
    sent += codec_.EncodePacket(packet.messages, packet.checksum).size();
  }
  EXPECT_GT(core_->counters().detection.relayed_probes, 0u);
  EXPECT_LE(static_cast<double>(sent), 1.5 * static_cast<double>(received));
}

INSTANTIATE_TEST_SUITE_P(ClearAndSealed, ReflectionTest, testing::Bool());

}  // namespace
}  // namespace lb::gossip
