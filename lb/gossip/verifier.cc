#include "lb/gossip/verifier.h"

#include "lb/gossip/indirect_probe.h"
#include "lb/gossip/member_table.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

// At most so many members that a peer's exchange brings, and that are at the
// peer's own address, are pinged out of turn: the peer itself, and a few more
// that may share it.
constexpr int kPeerNewcomersMax = 4;

}  // namespace

void Verifier::OnTimer(absl::Time now) {
  for (Prober& lane : newcomers_.lanes()) {
    Apply(now, lane, lane.OnTimer(now));
  }
  PingNewcomers(now);
  while (const Prober* const lane = newcomers_.TakeLane(now)) {
    Ping(lane->target());
  }
}

void Verifier::PingNewcomers(absl::Time now) {
  while (const auto target = newcomers_.TakeNewcomer(now)) Ping(*target);
}

void Verifier::PingAtOnce(absl::Time now, std::string_view member) {
  if (const auto target = newcomers_.TakeAtOnce(now, member)) {
    Ping(*target);
  }
}

void Verifier::OnExchange(absl::Time now, const net::Endpoint& peer,
                          absl::Span<const wire::PushNodeState> members) {
  if (newcomers_.size() == 0) return;
  int pinged = 0;
  for (const wire::PushNodeState& entry : members) {
    const auto address = net::IpAddress::FromBytes(entry.node->address);
    if (!address.ok() || *address != peer.address) continue;
    PingAtOnce(now, entry.node->name);
    if (++pinged == kPeerNewcomersMax) return;
  }
}

void Verifier::Ping(const ProbeTarget& target) {
  const NodeRecord* const record = state_.roster.table().Find(target.name);
  if (record == nullptr) return;
  ++state_.counters.detection.newcomer_pings;
  // The newcomer may not know this node yet, and gossip may miss it. Thousands
  // of invented members get no more than the ping.
  if (state_.roster.leaving() ||
      newcomers_.size() > state_.options.probe.newcomer_pings_at_once) {
    state_.outbox.SendPing(*record, target.sequence);
  } else {
    state_.outbox.SendPingAndAlive(*record, target.sequence);
  }
}

// A failed ping of a newcomer says nothing of our own health.
void Verifier::Apply(absl::Time now, Prober& lane, Prober::Step step) {
  if (step == Prober::Step::kAskOthers) return AskHelpers(state_, now, lane);
  if (step != Prober::Step::kFailed) return;
  ++state_.counters.detection.newcomer_probes_failed;
  newcomers_.OnFailed(now, lane);
  SuspectTarget(state_, now, lane);
}

bool Verifier::OnAck(const net::Endpoint& from, uint32_t sequence) {
  NodeRecord* const record =
      state_.roster.table().Find(newcomers_.NameOf(sequence));
  if (record == nullptr) return false;
  // One that a helper passes on does not show where the member answers.
  if (!newcomers_.HasAskedOthers(sequence)) {
    state_.places.Learn(record->endpoint(), from);
  }
  state_.roster.OnVerified(*record);
  return true;
}

void Verifier::OnSendFailed(absl::Time now, const net::Endpoint& to) {
  for (Prober& lane : newcomers_.lanes()) {
    if (IsBoundFor(state_, lane, to)) Apply(now, lane, lane.OnSendFailed());
  }
}

}  // namespace lb::gossip
