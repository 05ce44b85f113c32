#include "tests/sim/chaos/bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/announcing/announcing.h"
#include "daemon/hosts/facts_exchange.h"
#include "lb/announce/announcer.h"

namespace lb::chaos {
namespace {

// A node with more than these exchanges its state and rejoins less often.
constexpr int kFullRate = 32;

double Stretch(int nodes) {
  return nodes <= kFullRate
             ? 1
             : std::ceil(std::log2(nodes) - std::log2(kFullRate)) + 1;
}

std::string Seconds(absl::Duration duration) {
  return fmt::format("{:.2f} s", absl::ToDoubleSeconds(duration));
}

}  // namespace

Bounds BoundsOf(const AgentOptions& options, int nodes) {
  const gossip::GossipOptions& g = options.gossip;
  const announce::AnnouncerOptions defaults;  // As agents have them.
  const double scale = std::max(1.0, std::log10(nodes));
  Bounds bounds;
  bounds.detection = g.probe.interval * g.probe.awareness_max_multiplier +
                     g.probe.interval * scale * g.suspicion.mult *
                         g.suspicion.max_timeout_mult;
  bounds.gossip = g.dissemination.interval * g.dissemination.retransmit_mult *
                  std::ceil(std::log10(nodes + 1));
  bounds.rounds = 2 * nodes * g.probe.interval;
  bounds.declared = bounds.detection + bounds.gossip + bounds.rounds;
  bounds.settlement = Announcing::kFresh + defaults.claim.insist_interval +
                      options.handover.claim_wait;
  bounds.verification = g.probe.timeout + g.probe.interval;
  bounds.double_answer = bounds.detection + bounds.gossip +
                         bounds.verification + bounds.settlement;
  bounds.refresh = defaults.schedule.period + defaults.schedule.period_jitter;
  bounds.unheard = bounds.double_answer + bounds.refresh;
  bounds.settle_time = options.settle_time;
  bounds.rejoining = (g.reconnect.interval_max + g.streams.push_pull_interval) *
                         Stretch(nodes) +
                     g.streams.tcp_timeout;
  bounds.call =
      g.reconnect.interval_max * Stretch(nodes) + g.streams.tcp_timeout;
  bounds.facts = bounds.gossip + FactsExchange::kTellInterval +
                 FactsExchange::kAskInterval + bounds.rejoining;
  bounds.retry =
      ipam::ReplicatedAllocator::kReleaseDelay + defaults.claim.retry_interval;
  bounds.rest = bounds.double_answer + bounds.rejoining + bounds.settle_time +
                bounds.retry;
  return bounds;
}

std::string Bounds::ToString() const {
  return fmt::format(
      "double answer {} = detection {} + gossip {} + verification {} + "
      "settlement {}; "
      "unheard {} = double answer + refresh {}; call {}; declared {}; "
      "facts {}; "
      "rest {} = double answer + rejoining and exchange {} + settle time {} + "
      "release and retry {}",
      Seconds(double_answer), Seconds(detection), Seconds(gossip),
      Seconds(verification), Seconds(settlement), Seconds(unheard),
      Seconds(refresh), Seconds(call), Seconds(declared), Seconds(facts),
      Seconds(rest), Seconds(rejoining), Seconds(settle_time), Seconds(retry));
}

}  // namespace lb::chaos
