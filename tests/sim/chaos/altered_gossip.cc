#include "tests/sim/chaos/altered_gossip.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/agent/user_state.h"
#include "lb/gossip/wire/codec.h"
#include "lb/ipam/ledger_codec.h"

namespace lb::chaos {
namespace {

namespace wire = gossip::wire;
using Bytes = absl::Span<const uint8_t>;
using Direction = wire::Codec::Direction;

using Word = std::shared_ptr<OwnWord>;
using AlterExchange = std::function<void(wire::PushPull&)>;

// The incarnation that goes with these metadata.
uint32_t Held(OwnWord& word, const std::optional<wire::Bytes>& meta,
              uint32_t incarnation) {
  if (word.meta != meta || word.incarnation == 0) {
    word.meta = meta;
    word.incarnation = incarnation;
  }
  return std::min(word.incarnation, incarnation);
}

wire::Codec PlainCodec() {
  return wire::Codec({}, {}, [] { return wire::Nonce{}; });
}

wire::Bytes AlteredPacket(Bytes bytes, OwnWord& word) {
  const wire::Codec codec = PlainCodec();
  auto packet = codec.DecodePacket(bytes);
  bool is_altered = false;
  std::vector<wire::Bytes> parts;
  if (packet.ok()) {
    for (wire::Message& message : packet->messages) {
      auto* alive = std::get_if<wire::Alive>(&message);
      if (alive != nullptr && alive->node == word.node) {
        const uint32_t held = Held(word, alive->meta, alive->incarnation);
        is_altered |= alive->incarnation != held;
        alive->incarnation = held;
      }
      parts.push_back(wire::EncodeMessage(message));
    }
  }
  return is_altered ? codec.EncodePacket(parts, wire::Checksum::kNone)
                    : wire::Bytes(bytes.begin(), bytes.end());
}

void HoldIncarnation(OwnWord& word, wire::PushPull& exchange) {
  for (wire::PushNodeState& state : exchange.nodes) {
    if (state.node->name != word.node) continue;
    state.incarnation = Held(word, state.node->meta, state.incarnation);
  }
}

void MakeFirm(wire::PushPull& exchange) {
  auto messages = UnpackUserState(exchange.user_state);
  if (!messages) return;
  for (std::string& message : *messages) {
    if (!ipam::IsLedgerMessage(message)) continue;
    auto records = ipam::ParseMessage(message);
    if (!records.ok()) continue;
    for (ipam::Record& record : *records) record.provisional = false;
    message = ipam::SerializeMessage(*records);
  }
  exchange.user_state = PackUserState(*messages);
}

wire::Bytes AlteredStream(Bytes bytes, const AlterExchange& alter,
                          Direction direction) {
  const wire::Codec codec = PlainCodec();
  auto message = codec.DecodeStream(bytes, direction);
  auto* exchange =
      message.ok() ? std::get_if<wire::PushPull>(&*message) : nullptr;
  if (exchange == nullptr) return wire::Bytes(bytes.begin(), bytes.end());
  alter(*exchange);
  return codec.EncodeStream(*message, direction);
}

class AlteredDatagrams final : public io::DatagramTransport {
 public:
  AlteredDatagrams(io::DatagramTransport* datagrams, Word word)
      : datagrams_(datagrams), word_(std::move(word)) {}

  net::Endpoint local() const override { return datagrams_->local(); }
  absl::Status Send(const net::Endpoint& to, Bytes payload) override {
    return datagrams_->Send(to, AlteredPacket(payload, *word_));
  }
  void SetReceiver(Receiver receiver) override {
    datagrams_->SetReceiver(std::move(receiver));
  }

 private:
  io::DatagramTransport* const datagrams_;
  const Word word_;
};

class AlteredConnection final : public io::Stream {
 public:
  AlteredConnection(std::unique_ptr<io::Stream> stream, AlterExchange alter,
                    Direction direction)
      : stream_(std::move(stream)),
        alter_(std::move(alter)),
        direction_(direction) {}

  net::Endpoint remote() const override { return stream_->remote(); }
  void Receive(OnBytes on_bytes, OnClosed on_closed) override {
    stream_->Receive(std::move(on_bytes), std::move(on_closed));
  }
  absl::Status Send(Bytes bytes) override {
    return stream_->Send(AlteredStream(bytes, alter_, direction_));
  }
  void FinishSending() override { stream_->FinishSending(); }

 private:
  const std::unique_ptr<io::Stream> stream_;
  const AlterExchange alter_;
  const Direction direction_;
};

class AlteredStreams final : public io::StreamTransport {
 public:
  AlteredStreams(io::StreamTransport* streams, AlterExchange alter)
      : streams_(streams), alter_(std::move(alter)) {}

  net::Endpoint local() const override { return streams_->local(); }
  void Connect(const net::Endpoint& to, absl::Time deadline,
               OnConnected on_connected) override {
    streams_->Connect(
        to, deadline,
        [alter = alter_, on_connected = std::move(on_connected)](
            absl::StatusOr<std::unique_ptr<io::Stream>> stream) mutable {
          if (!stream.ok()) return on_connected(std::move(stream));
          on_connected(std::make_unique<AlteredConnection>(
              *std::move(stream), std::move(alter), Direction::kRequest));
        });
  }
  void SetAcceptor(OnAccepted on_accepted) override {
    if (!on_accepted) return streams_->SetAcceptor(nullptr);
    streams_->SetAcceptor(
        [alter = alter_, on_accepted = std::move(on_accepted)](
            std::unique_ptr<io::Stream> stream) mutable {
          on_accepted(std::make_unique<AlteredConnection>(
              std::move(stream), alter, Direction::kResponse));
        });
  }

 private:
  io::StreamTransport* const streams_;
  const AlterExchange alter_;
};

}  // namespace

std::unique_ptr<io::DatagramTransport> WithoutRefutations(
    io::DatagramTransport* datagrams, std::shared_ptr<OwnWord> word) {
  return std::make_unique<AlteredDatagrams>(datagrams, std::move(word));
}

std::unique_ptr<io::StreamTransport> WithoutRefutations(
    io::StreamTransport* streams, std::shared_ptr<OwnWord> word) {
  return std::make_unique<AlteredStreams>(
      streams, [word = std::move(word)](wire::PushPull& exchange) {
        HoldIncarnation(*word, exchange);
      });
}

std::unique_ptr<io::StreamTransport> WithNothingProvisional(
    io::StreamTransport* streams) {
  return std::make_unique<AlteredStreams>(streams, MakeFirm);
}

}  // namespace lb::chaos
