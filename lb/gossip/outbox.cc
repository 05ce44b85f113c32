#include "lb/gossip/outbox.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/gossip/broadcast_queue.h"
#include "lb/gossip/dissemination.h"

namespace lb::gossip {
namespace {

constexpr size_t kCompoundOverhead = 2;  // Type and count.
constexpr size_t kChecksumOverhead = 5;
// What encryption may come to add after a message was queued.
constexpr size_t kEncryptionReserve = 45;

void Append(std::vector<wire::Bytes> from, std::vector<wire::Bytes>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

wire::Source Outbox::OwnSource() const {
  return {.address = roster_.self().endpoint.address.ToBytes(),
          .port = roster_.self().endpoint.port,
          .node = roster_.self().name};
}

wire::Ping Outbox::PingFor(std::string_view name, uint32_t sequence) const {
  return {
      .sequence = sequence, .node = std::string(name), .source = OwnSource()};
}

size_t Outbox::PacketBudget() const {
  const size_t overhead =
      packet_overhead_ + kCompoundOverhead + kChecksumOverhead;
  return options_.dissemination.udp_buffer_size -
         std::min(options_.dissemination.udp_buffer_size, overhead);
}

// Those that were never verified pass nothing on: they are not reckoned with,
// and what they get would be lost for the others.
int Outbox::TransmitLimit() const {
  return RetransmitLimit(options_.dissemination.retransmit_mult,
                         roster_.table().verified().size());
}

absl::StatusOr<wire::Bytes> Outbox::EncodeUserMessage(
    wire::Bytes payload) const {
  const size_t reserve = kEncryptionReserve + kPartOverhead;
  const size_t size_max = PacketBudget() - std::min(PacketBudget(), reserve);
  wire::Bytes message =
      wire::EncodeMessage(wire::User{.payload = std::move(payload)});
  if (message.size() <= size_max) return message;
  return absl::InvalidArgumentError(
      fmt::format("user message: {} bytes with its type, want {} or less",
                  message.size(), size_max));
}

void Outbox::SendPlain(const net::Endpoint& to, const wire::Message& message) {
  packets_.push_back({.to = to, .messages = {wire::EncodeMessage(message)}});
}

void Outbox::SendWithPiggyback(const net::Endpoint& to,
                               const wire::Message& message) {
  OutgoingPacket packet{.to = to, .messages = {wire::EncodeMessage(message)}};
  const size_t used = packet.messages[0].size() + kPartOverhead;
  PacketRoom room{.bytes = PacketBudget() - std::min(PacketBudget(), used),
                  .parts = kPartsMax - 1};
  BroadcastQueue& queue = roster_.broadcasts();
  Append(queue.Take(room, TransmitLimit(), Weight::kNews), packet.messages);
  Append(queue.Take(room, TransmitLimit(), Weight::kHearsay), packet.messages);
  packets_.push_back(std::move(packet));
}

void Outbox::SendPing(const NodeRecord& record, uint32_t sequence) {
  const wire::Ping ping = PingFor(record.name(), sequence);
  const bool suspect = record.state == wire::NodeState::kSuspect;
  if (record.verified && !(suspect && options_.probe.buddy_suspects)) {
    return SendWithPiggyback(record.endpoint(), ping);
  }
  OutgoingPacket packet{.to = record.endpoint(),
                        .messages = {wire::EncodeMessage(ping)},
                        .checksum = record.checksum()};
  // A suspected node hears of it first of all.
  if (suspect && options_.probe.buddy_suspects) {
    packet.messages.push_back(
        wire::EncodeMessage(wire::Suspect{.incarnation = record.incarnation,
                                          .node = record.name(),
                                          .from = roster_.self().name}));
  }
  packets_.push_back(std::move(packet));
}

void Outbox::SendPingAndAlive(const NodeRecord& record, uint32_t sequence) {
  SendPing(record, sequence);
  wire::Bytes alive = wire::EncodeMessage(roster_.OwnAlive());
  OutgoingPacket& ping = packets_.back();
  size_t used = alive.size() + kPartOverhead;
  for (const wire::Bytes& part : ping.messages) {
    used += part.size() + kPartOverhead;
  }
  if (used <= PacketBudget()) {
    ping.messages.push_back(std::move(alive));
  } else {  // Names of 255 bytes.
    packets_.push_back({.to = ping.to,
                        .messages = {std::move(alive)},
                        .checksum = ping.checksum});
  }
}

void Outbox::SendUserMessage(const NodeRecord& record, wire::Bytes message) {
  packets_.push_back({.to = record.endpoint(),
                      .messages = {std::move(message)},
                      .checksum = record.checksum()});
}

void Outbox::GossipTo(NodeRecord& record, UserMessageLog& user_messages) {
  PacketRoom room{.bytes = PacketBudget(), .parts = kPartsMax};
  OutgoingPacket packet{.to = record.endpoint(), .checksum = record.checksum()};
  BroadcastQueue& queue = roster_.broadcasts();
  packet.messages = queue.Take(room, TransmitLimit(), Weight::kNews);
  Append(user_messages.Take(record.user_cursor, room), packet.messages);
  Append(queue.Take(room, TransmitLimit(), Weight::kHearsay), packet.messages);
  if (packet.messages.empty()) return;
  packets_.push_back(std::move(packet));
}

void Outbox::SendDirectMessages() {
  for (const DirectMessage& direct : roster_.TakeDirect()) {
    SendPlain(direct.to, direct.message);
  }
  for (const net::Endpoint& to : roster_.TakeIntroductions()) {
    OutgoingPacket packet{.to = to};
    for (const wire::Message& message : roster_.Introduction()) {
      packet.messages.push_back(wire::EncodeMessage(message));
    }
    packets_.push_back(std::move(packet));
  }
}

}  // namespace lb::gossip
