#include "tests/sim/chaos/bgp/bounds.h"

#include <fmt/format.h>

#include "daemon/agent/agent.h"
#include "lb/bgp/dial_schedule.h"
#include "tests/sim/chaos/bgp/router.h"
#include "tests/sim/chaos/bounds.h"

namespace lb::chaos {
namespace {

// SimConnection's longest wait before it sends again.
constexpr absl::Duration kResent = absl::Milliseconds(6400);
// The longest interval of a profile (BgpObjects).
constexpr absl::Duration kIntervalMax = absl::Milliseconds(300);
// Nodes ask peers to keep routes for so long.
constexpr absl::Duration kRestart = absl::Seconds(30);
// The longest hold time (BgpObjects).
constexpr absl::Duration kHoldMax = absl::Seconds(15);

std::string Seconds(absl::Duration duration) {
  return fmt::format("{:.2f} s", absl::ToDoubleSeconds(duration));
}

}  // namespace

absl::Duration BgpBounds::up(absl::Duration hold) const {
  return hold + back + Routing::kWholeMax + tell;
}

BgpBounds BgpBoundsOf(const Scenario& scenario) {
  AgentOptions options;
  options.gossip = gossip::FastProfile();
  BgpBounds bounds;
  bounds.tell = absl::Seconds(1);
  bounds.resent = kResent;
  bounds.back =
      kResent + bgp::DialSchedule::kAwayMax + bgp::DialSchedule::kDialTimeout;
  bounds.detection = Router::kBfdMultiplier * kIntervalMax;
  bounds.restart = kRestart;
  bounds.drain_wait = options.drain_wait;
  bounds.rest = bounds.up(kHoldMax) + BoundsOf(options, scenario.nodes).rest;
  return bounds;
}

std::string BgpBounds::ToString() const {
  return fmt::format(
      "tell {}; back {}; up = hold + {}; detection {}; restart {}; drain wait "
      "{}; rest {}",
      Seconds(tell), Seconds(back), Seconds(up({})), Seconds(detection),
      Seconds(restart), Seconds(drain_wait), Seconds(rest));
}

}  // namespace lb::chaos
