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
  const NodeRecord* const record = state_.roster.table().Find(target.name);
  if (record == nullptr) return;
  ++state_.counters.greetings;
  // The newcomer may not know this node yet, and gossip may miss it. Thousands
  // of invented members get no more than the ping.
  if (state_.roster.leaving() ||
      greeter_.size() > state_.options.greetings_at_once) {
    state_.outbox.SendPing(*record, target.sequence);
  } else {
    state_.outbox.SendPingAndAlive(*record, target.sequence);
  }
}

// A failed greeting says nothing of our own health.
void Membership::ApplyGreeting(absl::Time now, Prober& lane,
                               Prober::Step step) {
  if (step == Prober::Step::kAskOthers) return AskOthers(now, lane);
  if (step != Prober::Step::kFailed) return;
  ++state_.counters.greetings_failed;
  greeter_.OnFailed(now, lane);
  const NodeRecord* const record =
      state_.roster.table().Find(lane.target().name);
  if (record == nullptr || !record->is_up()) return;
  state_.roster.OnSuspect(now, {.incarnation = record->incarnation,
                                .node = record->name(),
                                .from = state_.roster.self().name});
}

bool Membership::OnGreetingAck(const net::Endpoint& from, uint32_t sequence) {
  NodeRecord* const record =
      state_.roster.table().Find(greeter_.NameOf(sequence));
  if (record == nullptr) return false;
  // One that a helper passes on does not show where the member answers.
  if (!greeter_.HasAskedOthers(sequence)) {
    state_.places.Learn(record->endpoint(), from);
  }
  state_.roster.OnHeard(*record);
  return true;
}

}  // namespace lb::gossip
