#include "lb/gossip/options.h"

#include <cstdint>
#include <string_view>

#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/message_codec.h"

namespace lb::gossip {
namespace {

absl::Status OutOfRange(std::string_view option, std::string_view value,
                        std::string_view want) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {}, want {}", option, value, want));
}

absl::Status CheckAtLeast(std::string_view option, int64_t value,
                          int64_t least) {
  if (value >= least) return absl::OkStatus();
  return OutOfRange(option, fmt::format("{}", value),
                    fmt::format("{} or more", least));
}

absl::Status CheckPositive(std::string_view option, absl::Duration value) {
  if (value > absl::ZeroDuration() && value < absl::InfiniteDuration()) {
    return absl::OkStatus();
  }
  return OutOfRange(option, absl::FormatDuration(value), "above zero");
}

absl::Status CheckNotNegative(std::string_view option, absl::Duration value) {
  if (value >= absl::ZeroDuration() && value < absl::InfiniteDuration()) {
    return absl::OkStatus();
  }
  return OutOfRange(option, absl::FormatDuration(value), "zero or more");
}

absl::Status CheckDurations(const GossipOptions& o) {
  LB_RETURN_IF_ERROR(CheckPositive("probe_interval", o.probe.interval));
  LB_RETURN_IF_ERROR(CheckPositive("probe_timeout", o.probe.timeout));
  if (o.probe.timeout >= o.probe.interval) {
    return OutOfRange("probe_timeout", absl::FormatDuration(o.probe.timeout),
                      "less than probe_interval");
  }
  LB_RETURN_IF_ERROR(
      CheckPositive("gossip_interval", o.dissemination.interval));
  LB_RETURN_IF_ERROR(CheckNotNegative("gossip_to_the_dead_time",
                                      o.dissemination.to_the_dead_time));
  LB_RETURN_IF_ERROR(
      CheckNotNegative("push_pull_interval", o.streams.push_pull_interval));
  LB_RETURN_IF_ERROR(CheckPositive("tcp_timeout", o.streams.tcp_timeout));
  LB_RETURN_IF_ERROR(CheckNotNegative("dead_node_reclaim_time",
                                      o.admission.dead_node_reclaim_time));
  LB_RETURN_IF_ERROR(
      CheckPositive("reconnect_interval_min", o.reconnect.interval_min));
  if (o.reconnect.interval_max < o.reconnect.interval_min ||
      o.reconnect.interval_max == absl::InfiniteDuration()) {
    return OutOfRange("reconnect_interval_max",
                      absl::FormatDuration(o.reconnect.interval_max),
                      "reconnect_interval_min or more");
  }
  return CheckNotNegative("dead_peer_retry_time",
                          o.reconnect.dead_peer_retry_time);
}

}  // namespace

GossipOptions LanProfile() { return {}; }

GossipOptions WanProfile() {
  GossipOptions options;
  options.streams.tcp_timeout = absl::Seconds(30);
  options.suspicion.mult = 6;
  options.streams.push_pull_interval = absl::Seconds(60);
  options.probe.timeout = absl::Seconds(3);
  options.probe.interval = absl::Seconds(5);
  options.dissemination.nodes = 4;
  options.dissemination.interval = absl::Milliseconds(500);
  options.dissemination.to_the_dead_time = absl::Seconds(60);
  return options;
}

GossipOptions LocalProfile() {
  GossipOptions options;
  options.streams.tcp_timeout = absl::Seconds(1);
  options.probe.indirect_checks = 1;
  options.dissemination.retransmit_mult = 2;
  options.suspicion.mult = 3;
  options.streams.push_pull_interval = absl::Seconds(15);
  options.probe.timeout = absl::Milliseconds(200);
  options.dissemination.interval = absl::Milliseconds(100);
  options.dissemination.to_the_dead_time = absl::Seconds(15);
  return options;
}

GossipOptions FastProfile() {
  GossipOptions options;
  options.probe.interval = absl::Milliseconds(100);
  options.probe.timeout = absl::Milliseconds(50);
  options.probe.stream_pings = false;
  options.suspicion.mult = 3;
  options.suspicion.max_timeout_mult = 2;
  options.dissemination.interval = absl::Milliseconds(20);
  options.streams.push_pull_interval = absl::Seconds(5);
  options.streams.tcp_timeout = absl::Seconds(3);
  options.admission.dead_node_reclaim_time = absl::Seconds(5);
  options.reconnect.interval_max = absl::Seconds(10);
  return options;
}

GossipOptions TurboProfile() {
  GossipOptions options = FastProfile();
  options.probe.interval = absl::Milliseconds(50);
  options.probe.timeout = absl::Milliseconds(25);
  options.dissemination.interval = absl::Milliseconds(10);
  return options;
}

absl::Status Validate(const GossipOptions& o) {
  LB_RETURN_IF_ERROR(CheckDurations(o));
  const struct {
    std::string_view option;
    int64_t value;
    int64_t least;
  } checks[] = {
      {"indirect_checks", o.probe.indirect_checks, 0},
      {"awareness_max_multiplier", o.probe.awareness_max_multiplier, 1},
      {"suspicion_mult", o.suspicion.mult, 1},
      {"suspicion_max_timeout_mult", o.suspicion.max_timeout_mult, 1},
      {"gossip_nodes", o.dissemination.nodes, 1},
      {"retransmit_mult", o.dissemination.retransmit_mult, 1},
      {"user_transmits", o.dissemination.user_transmits, 1},
      // The smallest packet that holds an alive with full metadata, or so.
      {"udp_buffer_size", static_cast<int64_t>(o.dissemination.udp_buffer_size),
       1200},
      {"newcomer_pings_at_once",
       static_cast<int64_t>(o.probe.newcomer_pings_at_once), 1},
      {"members_max", static_cast<int64_t>(o.admission.members_max), 1},
      {"broadcasts_max", static_cast<int64_t>(o.dissemination.broadcasts_max),
       1},
      {"requests_max", static_cast<int64_t>(o.streams.requests_max), 1},
      {"stream_bytes_max", static_cast<int64_t>(o.streams.bytes_max),
       static_cast<int64_t>(wire::kStreamSizeMax)},
  };
  for (const auto& [option, value, least] : checks) {
    LB_RETURN_IF_ERROR(CheckAtLeast(option, value, least));
  }
  if (o.admission.members_max >
      wire::kPushPullNodesMax) {  // Peers refuse more.
    return OutOfRange("members_max", fmt::format("{}", o.admission.members_max),
                      fmt::format("{} or less", wire::kPushPullNodesMax));
  }
  if (o.dissemination.udp_buffer_size > 65000) {
    return OutOfRange("udp_buffer_size",
                      fmt::format("{}", o.dissemination.udp_buffer_size),
                      "65000 or less");
  }
  return absl::OkStatus();
}

}  // namespace lb::gossip
