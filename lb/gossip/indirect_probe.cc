#include "lb/gossip/indirect_probe.h"

#include <utility>
#include <vector>

#include "lb/gossip/member_table.h"
#include "lb/gossip/own_requests.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {

void AskHelpers(SharedState& state, absl::Time now, Prober& prober) {
  const ProbeTarget& target = prober.target();
  const NodeRecord* const record = state.roster.table().Find(target.name);
  if (record == nullptr || !record->is_up()) return prober.Cancel();
  const auto helpers = state.roster.table().Sample(
      state.options.probe.indirect_checks, [&](const NodeRecord& helper) {
        return helper.state == wire::NodeState::kAlive &&
               helper.name() != target.name &&
               !state.roster.IsSelf(helper.name());
      });
  int nacks_expected = 0;
  std::vector<net::Endpoint> asked;
  for (const NodeRecord* const helper : helpers) {
    // Nacks tell of this node's own health; pings of newcomers do not count for
    // it.
    const bool nack = helper->knows_nacks() && record->verified;
    if (nack) ++nacks_expected;
    ++state.counters.detection.indirect_probes;
    asked.push_back(helper->endpoint());
    state.outbox.SendWithPiggyback(
        helper->endpoint(),
        wire::IndirectPing{.sequence = target.sequence,
                           .target = record->node->address,
                           .port = record->node->port,
                           .node = record->name(),
                           .nack = nack,
                           .source = state.outbox.OwnSource()});
  }
  prober.OnAsked(nacks_expected, std::move(asked));
  const bool has_stream =
      record->verified || state.requests.HasRoomForUnverified();
  if (state.options.probe.stream_pings && record->knows_stream_pings() &&
      has_stream) {
    ++state.counters.detection.stream_pings;
    state.OpenRequest(now, prober.deadline(),
                      {.kind = OwnRequest::Kind::kPing,
                       .to = record->endpoint(),
                       .sequence = target.sequence,
                       .node = record->name()});
  }
}

void SuspectTarget(SharedState& state, absl::Time now, const Prober& prober) {
  const NodeRecord* const record =
      state.roster.table().Find(prober.target().name);
  if (record == nullptr || !record->is_up()) return;
  state.roster.OnSuspect(now, {.incarnation = record->incarnation,
                               .node = record->name(),
                               .from = state.roster.self().name});
}

bool IsBoundFor(const SharedState& state, const Prober& prober,
                const net::Endpoint& to) {
  if (!prober.running()) return false;
  const NodeRecord* const record =
      state.roster.table().Find(prober.target().name);
  return record != nullptr && record->endpoint() == to;
}

}  // namespace lb::gossip
