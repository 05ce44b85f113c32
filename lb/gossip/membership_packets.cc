// Membership's packets: what rides on what, and what is left to be taken.
#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/dissemination.h"
#include "lb/gossip/membership.h"

namespace lb::gossip {
namespace {

constexpr size_t kCompoundOverhead = 2;  // Type and count.
constexpr size_t kChecksumOverhead = 5;
// What encryption may come to add after a message was queued.
constexpr size_t kEncryptionReserve = 45;
// Members that are sent user messages in one gossip interval: a tenth of those
// that wait, between gossip_nodes and this maximum.
constexpr size_t kUserFanoutMax = 64;

void Append(std::vector<wire::Bytes> from, std::vector<wire::Bytes>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

wire::Source Membership::OwnSource() const {
  return {.address = self().endpoint.address.ToBytes(),
          .port = self().endpoint.port,
          .node = self().name};
}

size_t Membership::PacketBudget() const {
  const size_t overhead =
      packet_overhead_ + kCompoundOverhead + kChecksumOverhead;
  return options_.udp_buffer_size -
         std::min(options_.udp_buffer_size, overhead);
}

void Membership::SendPlain(const net::Endpoint& to,
                           const wire::Message& message) {
  outgoing_.push_back({.to = to, .messages = {wire::EncodeMessage(message)}});
}

void Membership::SendWithPiggyback(const net::Endpoint& to,
                                   const wire::Message& message) {
  OutgoingPacket packet{.to = to, .messages = {wire::EncodeMessage(message)}};
  const size_t used = packet.messages[0].size() + kPartOverhead;
  PacketRoom room{.bytes = PacketBudget() - std::min(PacketBudget(), used),
                  .parts = kPartsMax - 1};
  BroadcastQueue& queue = roster_.broadcasts();
  Append(queue.Take(room, TransmitLimit(), Weight::kNews), packet.messages);
  Append(queue.Take(room, TransmitLimit(), Weight::kHearsay), packet.messages);
  outgoing_.push_back(std::move(packet));
}

// Those that were never heard pass nothing on: they are not reckoned with, and
// what they get would be lost for the others.
int Membership::TransmitLimit() const {
  return RetransmitLimit(options_.retransmit_mult,
                         roster_.table().heard().size());
}

void Membership::SendPing(const NodeRecord& record, uint32_t sequence) {
  const wire::Ping ping{
      .sequence = sequence, .node = record.name(), .source = OwnSource()};
  const bool suspect = record.state == wire::NodeState::kSuspect;
  if (record.heard && !(suspect && options_.buddy_suspects)) {
    return SendWithPiggyback(record.endpoint(), ping);
  }
  OutgoingPacket packet{.to = record.endpoint(),
                        .messages = {wire::EncodeMessage(ping)},
                        .checksum = record.checksum()};
  // A suspected node hears of it first of all.
  if (suspect && options_.buddy_suspects) {
    packet.messages.push_back(
        wire::EncodeMessage(wire::Suspect{.incarnation = record.incarnation,
                                          .node = record.name(),
                                          .from = self().name}));
  }
  outgoing_.push_back(std::move(packet));
}

void Membership::GossipTo(NodeRecord& record) {
  PacketRoom room{.bytes = PacketBudget(), .parts = kPartsMax};
  OutgoingPacket packet{.to = record.endpoint(), .checksum = record.checksum()};
  BroadcastQueue& queue = roster_.broadcasts();
  packet.messages = queue.Take(room, TransmitLimit(), Weight::kNews);
  Append(user_log_.Take(record.user_cursor, room), packet.messages);
  Append(queue.Take(room, TransmitLimit(), Weight::kHearsay), packet.messages);
  if (packet.messages.empty()) return;
  outgoing_.push_back(std::move(packet));
}

absl::StatusOr<wire::Bytes> Membership::EncodeUserMessage(
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

absl::Status Membership::SendUserDatagram(std::string_view name,
                                          wire::Bytes payload) {
  LB_ASSIGN_OR_RETURN(wire::Bytes message,
                      EncodeUserMessage(std::move(payload)));
  LB_ASSIGN_OR_RETURN(const NodeRecord* const record, FindUp(name));
  outgoing_.push_back({.to = record->endpoint(),
                       .messages = {std::move(message)},
                       .checksum = record->checksum()});
  return absl::OkStatus();
}

absl::Status Membership::QueueUserMessage(absl::Time now, wire::Bytes payload) {
  LB_ASSIGN_OR_RETURN(wire::Bytes message,
                      EncodeUserMessage(std::move(payload)));
  CatchUpGossipClock(now);
  if (!user_log_.Append(std::move(message))) {
    ++counters_.user_messages_overflow;
    return absl::ResourceExhaustedError(fmt::format(
        "user messages: {} wait, want less", options_.user_messages_max));
  }
  GossipAtOnce(now);
  return absl::OkStatus();
}

void Membership::GossipUserMessages() {
  if (user_log_.empty()) return;
  uint64_t reached_by_all = user_log_.end();
  std::vector<NodeRecord*> behind;
  for (NodeRecord* const record : roster_.table().heard()) {
    if (!record->is_up() || roster_.IsSelf(record->name())) continue;
    reached_by_all = std::min(reached_by_all, record->user_cursor);
    if (record->user_cursor < user_log_.end()) behind.push_back(record);
  }
  user_log_.AllReached(reached_by_all);
  prng_.Shuffle(absl::MakeSpan(behind));
  const size_t fanout = std::clamp<size_t>(
      behind.size() / 10, options_.gossip_nodes,
      std::max<size_t>(kUserFanoutMax, options_.gossip_nodes));
  if (behind.size() > fanout) behind.resize(fanout);
  for (NodeRecord* const record : behind) GossipTo(*record);
}

// A member that was never heard is no reason not to look for others at its
// address, nor to look for it there.
void Membership::OnMemberChange(absl::Time now, const MemberEvent& event) {
  const Member& member = event.member;
  switch (event.change) {
    case MemberChange::kJoined:
      return greeter_.Add(now, member.name);
    case MemberChange::kHeard:
      greeter_.Remove(member.name);
      if (!options_.stream_pings) stream_only_.Forget(member.endpoint);
      return rejoin_.OnMemberUp(member.endpoint);
    case MemberChange::kUpdated:
      return;
    case MemberChange::kMoved:
      answer_places_.Forget(event.moved_from);
      // What was sent to its old address says nothing.
      if (prober_.running() && prober_.target().name == member.name) {
        prober_.Cancel();
      }
      rejoin_.OnMemberLeft(now, event.moved_from);
      return rejoin_.OnMemberUp(member.endpoint);
    case MemberChange::kLeft:
      greeter_.Remove(member.name);
      answer_places_.Forget(member.endpoint);
      if (!member.heard) return;
      return rejoin_.OnMemberLeft(now, member.endpoint);
    case MemberChange::kFailed:
      greeter_.Remove(member.name);
      answer_places_.Forget(member.endpoint);
      if (!member.heard) return;
      if (!rejoin_.OnMemberFailed(now, member.endpoint)) {
        ++counters_.rejoin_overflow;
      }
      return;
  }
}

void Membership::Settle(absl::Time now) {
  for (GossipEvent& event : roster_.TakeEvents()) {
    if (const auto* change = std::get_if<MemberEvent>(&event)) {
      OnMemberChange(now, *change);
    }
    events_.push_back(std::move(event));
  }
  GreetNewcomers(now);
  for (const DirectMessage& direct : roster_.TakeDirect()) {
    SendPlain(direct.to, direct.message);
  }
  for (const net::Endpoint& to : roster_.TakeIntroductions()) {
    OutgoingPacket packet{.to = to};
    for (const wire::Message& message : roster_.Introduction()) {
      packet.messages.push_back(wire::EncodeMessage(message));
    }
    outgoing_.push_back(std::move(packet));
  }
  if (leave_pending_ &&
      (!roster_.broadcasts().Contains(self().name) || !roster_.HasOtherUp())) {
    leave_pending_ = false;
    events_.push_back(LeaveCompleteEvent{});
  }
}

std::vector<OutgoingPacket> Membership::TakeOutgoing() {
  counters_.datagrams_out += outgoing_.size();
  return std::exchange(outgoing_, {});
}

std::vector<StreamRequest> Membership::TakeRequests() {
  return requests_.TakeNew();
}

std::vector<GossipEvent> Membership::TakeEvents() {
  return std::exchange(events_, {});
}

}  // namespace lb::gossip
