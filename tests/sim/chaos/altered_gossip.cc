#include "tests/sim/chaos/altered_gossip.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/exchange/user_state.h"
#include "lb/gossip/wire/codec.h"
#include "lb/ipam/ledger_codec.h"

namespace lb::chaos {
namespace {

namespace wire = gossip::wire;
using Bytes = absl::Span<const uint8_t>;
using Direction = wire::Codec::Direction;

using Word = std::shared_ptr<OwnWord>;
// Returns whether it has changed the message.
using AlterAlive = std::function<bool(wire::Alive&)>;
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

// The node's own codec, but for nonces: a repeated one helps no attacker here.
wire::Codec CodecOf(const wire::Keyring& keyring) {
  return wire::Codec({}, keyring, [] { return wire::Nonce{}; });
}

wire::Bytes AlteredPacket(Bytes bytes, const wire::Codec& codec,
                          const AlterAlive& alter) {
  auto packet = codec.DecodePacket(bytes);
  bool is_altered = false;
  std::vector<wire::Bytes> parts;
  if (packet.ok()) {
    for (wire::Message& message : packet->messages) {
      auto* alive = std::get_if<wire::Alive>(&message);
      if (alive != nullptr) is_altered |= alter(*alive);
      parts.push_back(wire::EncodeMessage(message));
    }
  }
  return is_altered ? codec.EncodePacket(parts, wire::Checksum::kNone)
                    : wire::Bytes(bytes.begin(), bytes.end());
}

bool HoldIncarnation(OwnWord& word, wire::Alive& alive) {
  if (alive.node != word.node) return false;
  const uint32_t held = Held(word, alive.meta, alive.incarnation);
  return std::exchange(alive.incarnation, held) != held;
}

// Takes the bit out of metadata (node_metadata.h).
bool HideUnrouted(std::optional<wire::Bytes>& told) {
  constexpr size_t kFlags = 4;
  constexpr uint8_t kUnrouted = 128;
  if (!told || told->size() <= kFlags) return false;
  wire::Bytes& meta = *told;
  if ((meta[kFlags] & kUnrouted) == 0) return false;
  meta[kFlags] &= static_cast<uint8_t>(~kUnrouted);
  return true;
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

// The changes to the messages of a node, and the codec that reads them.
struct Alteration {
  wire::Codec codec;
  AlterExchange alter;
};

wire::Bytes AlteredStream(Bytes bytes, const Alteration& alteration,
                          Direction direction) {
  const wire::Codec& codec = alteration.codec;
  auto message = codec.DecodeStream(bytes, direction);
  auto* exchange =
      message.ok() ? std::get_if<wire::PushPull>(&*message) : nullptr;
  if (exchange == nullptr) return wire::Bytes(bytes.begin(), bytes.end());
  alteration.alter(*exchange);
  return codec.EncodeStream(*message, direction);
}

class AlteredDatagrams final : public io::DatagramTransport {
 public:
  AlteredDatagrams(io::DatagramTransport* datagrams, wire::Codec codec,
                   AlterAlive alter)
      : datagrams_(datagrams),
        codec_(std::move(codec)),
        alter_(std::move(alter)) {}

  net::Endpoint local() const override { return datagrams_->local(); }
  absl::Status Send(const net::Endpoint& to, Bytes payload) override {
    return datagrams_->Send(to, AlteredPacket(payload, codec_, alter_));
  }
  void SetReceiver(Receiver receiver) override {
    datagrams_->SetReceiver(std::move(receiver));
  }

 private:
  io::DatagramTransport* const datagrams_;
  const wire::Codec codec_;
  const AlterAlive alter_;
};

// Remembers the receiver of each ping.
class CredulousDatagrams final : public io::DatagramTransport {
 public:
  CredulousDatagrams(io::DatagramTransport* datagrams, wire::Codec codec)
      : datagrams_(datagrams), codec_(std::move(codec)) {}

  net::Endpoint local() const override { return datagrams_->local(); }
  absl::Status Send(const net::Endpoint& to, Bytes payload) override {
    if (const auto ping = Find<wire::Ping>(payload)) {
      asked_[ping->sequence] = to;
    }
    return datagrams_->Send(to, payload);
  }
  void SetReceiver(Receiver receiver) override {
    if (!receiver) return datagrams_->SetReceiver({});
    datagrams_->SetReceiver(
        [this, receiver = std::move(receiver)](const net::Endpoint& from,
                                               Bytes payload) mutable {
          const auto ack = Find<wire::Ack>(payload);
          const auto asked = ack ? asked_.find(ack->sequence) : asked_.end();
          receiver(asked != asked_.end() ? asked->second : from, payload);
        });
  }

 private:
  // Returns the first message of a datagram; pings and acks come first.
  template <typename T>
  std::optional<T> Find(Bytes payload) const {
    const auto packet = codec_.DecodePacket(payload);
    if (!packet.ok() || packet->messages.empty()) return std::nullopt;
    const T* const found = std::get_if<T>(&packet->messages[0]);
    return found == nullptr ? std::nullopt : std::optional<T>(*found);
  }

  io::DatagramTransport* const datagrams_;
  const wire::Codec codec_;
  std::map<uint32_t, net::Endpoint> asked_;  // By number.
};

class AlteredConnection final : public io::Stream {
 public:
  AlteredConnection(std::unique_ptr<io::Stream> stream, Alteration alteration,
                    Direction direction)
      : stream_(std::move(stream)),
        alteration_(std::move(alteration)),
        direction_(direction) {}

  net::Endpoint local() const override { return stream_->local(); }
  net::Endpoint remote() const override { return stream_->remote(); }
  size_t unacknowledged() const override { return stream_->unacknowledged(); }
  absl::Status SetMd5Key(std::string_view key) override {
    return stream_->SetMd5Key(key);
  }
  void Receive(OnBytes on_bytes, OnClosed on_closed) override {
    stream_->Receive(std::move(on_bytes), std::move(on_closed));
  }
  absl::Status Send(Bytes bytes) override {
    return stream_->Send(AlteredStream(bytes, alteration_, direction_));
  }
  void FinishSending() override { stream_->FinishSending(); }

 private:
  const std::unique_ptr<io::Stream> stream_;
  const Alteration alteration_;
  const Direction direction_;
};

class AlteredStreams final : public io::StreamTransport {
 public:
  AlteredStreams(io::StreamTransport* streams, Alteration alteration)
      : streams_(streams), alteration_(std::move(alteration)) {}

  net::Endpoint local() const override { return streams_->local(); }
  void Connect(const net::Endpoint& to, absl::Time deadline,
               OnConnected on_connected) override {
    streams_->Connect(
        to, deadline,
        [alteration = alteration_, on_connected = std::move(on_connected)](
            absl::StatusOr<std::unique_ptr<io::Stream>> stream) mutable {
          if (!stream.ok()) return on_connected(std::move(stream));
          on_connected(std::make_unique<AlteredConnection>(
              *std::move(stream), std::move(alteration), Direction::kRequest));
        });
  }
  void SetAcceptor(OnAccepted on_accepted) override {
    if (!on_accepted) return streams_->SetAcceptor(nullptr);
    streams_->SetAcceptor(
        [alteration = alteration_, on_accepted = std::move(on_accepted)](
            std::unique_ptr<io::Stream> stream) mutable {
          on_accepted(std::make_unique<AlteredConnection>(
              std::move(stream), alteration, Direction::kResponse));
        });
  }

 private:
  io::StreamTransport* const streams_;
  const Alteration alteration_;
};

}  // namespace

std::unique_ptr<io::DatagramTransport> WithoutRefutations(
    io::DatagramTransport* datagrams, const wire::Keyring& keyring,
    std::shared_ptr<OwnWord> word) {
  return std::make_unique<AlteredDatagrams>(
      datagrams, CodecOf(keyring),
      [word = std::move(word)](wire::Alive& alive) {
        return HoldIncarnation(*word, alive);
      });
}

std::unique_ptr<io::StreamTransport> WithoutRefutations(
    io::StreamTransport* streams, const wire::Keyring& keyring,
    std::shared_ptr<OwnWord> word) {
  const auto alter = [word = std::move(word)](wire::PushPull& exchange) {
    HoldIncarnation(*word, exchange);
  };
  return std::make_unique<AlteredStreams>(streams,
                                          Alteration{CodecOf(keyring), alter});
}

std::unique_ptr<io::StreamTransport> WithNothingProvisional(
    io::StreamTransport* streams, const wire::Keyring& keyring) {
  return std::make_unique<AlteredStreams>(
      streams, Alteration{CodecOf(keyring), MakeFirm});
}

std::unique_ptr<io::DatagramTransport> WithoutUnrouted(
    io::DatagramTransport* datagrams, const wire::Keyring& keyring,
    const std::string& node) {
  return std::make_unique<AlteredDatagrams>(
      datagrams, CodecOf(keyring), [node](wire::Alive& alive) {
        return alive.node == node && HideUnrouted(alive.meta);
      });
}

std::unique_ptr<io::StreamTransport> WithoutUnrouted(
    io::StreamTransport* streams, const wire::Keyring& keyring,
    const std::string& node) {
  const auto alter = [node](wire::PushPull& exchange) {
    for (wire::PushNodeState& state : exchange.nodes) {
      if (state.node->name != node) continue;
      auto told = *state.node;
      if (!HideUnrouted(told.meta)) continue;
      state.node = wire::Share(std::move(told));
    }
  };
  return std::make_unique<AlteredStreams>(streams,
                                          Alteration{CodecOf(keyring), alter});
}

std::unique_ptr<io::DatagramTransport> WithAnybodysAcks(
    io::DatagramTransport* datagrams, const wire::Keyring& keyring) {
  return std::make_unique<CredulousDatagrams>(datagrams, CodecOf(keyring));
}

}  // namespace lb::chaos
