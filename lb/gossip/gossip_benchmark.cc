// What a datagram and an exchange cost: bazel run -c opt
// //lb/gossip:gossip_benchmark
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

const net::Endpoint kSelf{net::IpAddress::Ipv4(0x0a000001), 7946};
const net::Endpoint kPeer{net::IpAddress::Ipv4(0x0a000002), 7946};

wire::Codec MakeCodec(const wire::CodecOptions& options,
                      wire::Keyring keyring = {}) {
  return wire::Codec(options, std::move(keyring), [] { return wire::Nonce{}; });
}

// From the bytes of a ping to the message of its ack.
void BM_DecodeAndHandlePing(benchmark::State& state) {
  absl::Time now = absl::UnixEpoch();
  const wire::Codec codec = MakeCodec({});
  Membership core(LanProfile(), {.name = "node-a", .endpoint = kSelf}, Prng(1),
                  now, /*first_number=*/0);
  const wire::Bytes ping =
      codec.EncodePacket({wire::EncodeMessage(wire::Ping{
                             .sequence = 42,
                             .node = "node-a",
                             .source = {.address = kPeer.address.ToBytes(),
                                        .port = kPeer.port,
                                        .node = "node-b"}})},
                         wire::Checksum::kNone);
  for (auto _ : state) {
    const auto packet = codec.DecodePacket(ping);
    LB_CHECK(packet.ok());
    core.OnPacket(now, kPeer, packet->messages, ping.size());
    benchmark::DoNotOptimize(core.TakeOutgoing());
  }
}
BENCHMARK(BM_DecodeAndHandlePing);

// 1400 bytes of alive messages.
void EncodeGossip(benchmark::State& state, const wire::Codec& codec) {
  std::vector<wire::Bytes> messages;
  for (size_t bytes = 0; bytes < 1300; bytes += messages.back().size() + 2) {
    messages.push_back(wire::EncodeMessage(
        wire::Alive{.incarnation = 7,
                    .node = fmt::format("node-{}", messages.size()),
                    .address = kPeer.address.ToBytes(),
                    .port = 7946,
                    .versions = wire::Bytes{1, 5, 2, 0, 0, 0}}));
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        codec.EncodePacket(messages, wire::Checksum::kCrc32));
  }
}

void BM_EncodeGossipPlain(benchmark::State& state) {
  EncodeGossip(state, MakeCodec({.compress = false}));
}
BENCHMARK(BM_EncodeGossipPlain);

void BM_EncodeGossipCompressed(benchmark::State& state) {
  EncodeGossip(state, MakeCodec({}));
}
BENCHMARK(BM_EncodeGossipCompressed);

void BM_EncodeGossipEncrypted(benchmark::State& state) {
  wire::Keyring keyring;
  LB_CHECK(keyring.Add(wire::Bytes(32, 'k')).ok());
  EncodeGossip(state, MakeCodec({.compress = false}, std::move(keyring)));
}
BENCHMARK(BM_EncodeGossipEncrypted);

// An exchange of 4.4 MB that a stranger opens, in the pieces in which the loop
// reads it: 16,000 members. From the bytes to the members.
void ReceiveExchange(benchmark::State& state, const wire::Codec& codec) {
  constexpr size_t kPiece = 64 << 10;
  wire::PushPull exchange;
  for (uint32_t n = 0; n < 16'000; ++n) {
    exchange.nodes.push_back(
        {.node = wire::Share(
             {.name = fmt::format("node-{}", n),
              .address = net::IpAddress::Ipv4(0x0a010000 + n).ToBytes(),
              .port = 7946,
              .meta = wire::Bytes(200, static_cast<uint8_t>(n)),
              .versions = wire::Bytes{1, 5, 2, 0, 0, 0}}),
         .incarnation = 1});
  }
  const wire::Bytes sent =
      codec.EncodeStream(exchange, wire::Codec::Direction::kRequest);
  const absl::Time now = absl::UnixEpoch();
  for (auto _ : state) {
    Membership core(LanProfile(), {.name = "node-a", .endpoint = kSelf},
                    Prng(1), now, /*first_number=*/0);
    wire::Bytes received;
    wire::StreamProgress progress;
    absl::StatusOr<wire::StreamMessage> message = absl::UnavailableError("");
    for (size_t at = 0; !message.ok(); at += kPiece) {
      LB_CHECK(at < sent.size());
      const auto piece = absl::MakeConstSpan(sent).subspan(at, kPiece);
      received.insert(received.end(), piece.begin(), piece.end());
      message = codec.DecodeStream(received, wire::Codec::Direction::kRequest,
                                   &progress);
    }
    benchmark::DoNotOptimize(core.OnStreamRequest(now, kPeer, *message));
  }
}

void BM_ReceiveExchangePlain(benchmark::State& state) {
  ReceiveExchange(state, MakeCodec({.compress = false}));
}
BENCHMARK(BM_ReceiveExchangePlain)->Unit(benchmark::kMillisecond);

void BM_ReceiveExchangeCompressed(benchmark::State& state) {
  ReceiveExchange(state, MakeCodec({}));
}
BENCHMARK(BM_ReceiveExchangeCompressed)->Unit(benchmark::kMillisecond);

void BM_ReceiveExchangeEncrypted(benchmark::State& state) {
  wire::Keyring keyring;
  LB_CHECK(keyring.Add(wire::Bytes(32, 'k')).ok());
  ReceiveExchange(state, MakeCodec({}, std::move(keyring)));
}
BENCHMARK(BM_ReceiveExchangeEncrypted)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lb::gossip
