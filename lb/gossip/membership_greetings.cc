// Membership's greetings: is a newcomer there at all?
#include <string>
#include <utility>
#include <vector>

#include "lb/gossip/membership.h"

namespace lb::gossip {
namespace {

// At most so many members that a peer's exchange brings, and that are at the
// peer's own address, are pinged out of turn: the peer itself, and a few more
// that may share it.
constexpr int kPeerGreetingsMax = 4;

}  // namespace

void Membership::RunGreetings(absl::Time now) {
  for (Prober& lane : greeter_.lanes()) {
    ApplyGreeting(now, lane, lane.OnTimer(now));
  }
  GreetNewcomers(now);
  while (const Prober* const lane = greeter_.TakeLane(now)) {
    SendGreeting(lane->target());
  }
}

void Membership::GreetNewcomers(absl::Time now) {
  while (const auto target = greeter_.TakeNewcomer(now)) SendGreeting(*target);
}

void Membership::GreetAtOnce(absl::Time now, std::string_view name) {
  if (const auto target = greeter_.TakeAtOnce(now, name)) {
    SendGreeting(*target);
  }
}

// A peer that opened a stream, or accepted one, is up; thousands of members
// that it names may not be.
void Membership::GreetPeer(absl::Time now, const net::Endpoint& peer,
                           absl::Span<const wire::PushNodeState> members) {
  if (greeter_.size() == 0) return;
  int greeted = 0;
  for (const wire::PushNodeState& entry : members) {
    const auto address = net::IpAddress::FromBytes(entry.node->address);
    if (!address.ok() || *address != peer.address) continue;
    GreetAtOnce(now, entry.node->name);
    if (++greeted == kPeerGreetingsMax) return;
  }
}

void Membership::SendGreeting(const ProbeTarget& target) {
  const NodeRecord* const record = roster_.table().Find(target.name);
  if (record == nullptr) return;
  ++counters_.greetings;
  SendPing(*record, target.sequence);
  // The newcomer may not know this node yet, and gossip may miss it. Thousands
  // of invented members get no more than the ping.
  if (roster_.leaving() || greeter_.size() > options_.greetings_at_once) return;
  wire::Bytes alive = wire::EncodeMessage(roster_.OwnAlive());
  OutgoingPacket& ping = outgoing_.back();
  size_t used = alive.size() + kPartOverhead;
  for (const wire::Bytes& part : ping.messages) {
    used += part.size() + kPartOverhead;
  }
  if (used <= PacketBudget()) {
    ping.messages.push_back(std::move(alive));
  } else {  // Names of 255 bytes.
    outgoing_.push_back({.to = ping.to,
                         .messages = {std::move(alive)},
                         .checksum = ping.checksum});
  }
}

// A failed greeting says nothing of our own health.
void Membership::ApplyGreeting(absl::Time now, Prober& lane,
                               Prober::Step step) {
  if (step == Prober::Step::kAskOthers) return AskOthers(now, lane);
  if (step != Prober::Step::kFailed) return;
  ++counters_.greetings_failed;
  greeter_.OnFailed(now, lane);
  const NodeRecord* const record = roster_.table().Find(lane.target().name);
  if (record == nullptr || !record->is_up()) return;
  roster_.OnSuspect(now, {.incarnation = record->incarnation,
                          .node = record->name(),
                          .from = self().name});
}

bool Membership::OnGreetingAck(const net::Endpoint& from, uint32_t sequence) {
  NodeRecord* const record = roster_.table().Find(greeter_.NameOf(sequence));
  if (record == nullptr) return false;
  // One that a helper passes on does not show where the member answers.
  if (!greeter_.HasAskedOthers(sequence)) {
    answer_places_.Learn(record->endpoint(), from);
  }
  roster_.OnHeard(*record);
  return true;
}

}  // namespace lb::gossip
