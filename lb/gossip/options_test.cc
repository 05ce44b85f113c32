#include "lb/gossip/options.h"

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::gossip {
namespace {

using testing::StartsWith;

TEST(GossipOptionsTest, ProfilesAreValid) {
  for (const GossipOptions& profile :
       {LanProfile(), WanProfile(), LocalProfile(), FastProfile(),
        TurboProfile()}) {
    EXPECT_THAT(Validate(profile), IsOk());
  }
}

TEST(GossipOptionsTest, ProfilesHaveMemberlistsValues) {
  EXPECT_EQ(LanProfile().probe.interval, absl::Seconds(1));
  EXPECT_EQ(LanProfile().suspicion.mult, 4);
  EXPECT_EQ(WanProfile().probe.timeout, absl::Seconds(3));
  EXPECT_EQ(WanProfile().dissemination.nodes, 4);
  EXPECT_EQ(LocalProfile().dissemination.retransmit_mult, 2);
  EXPECT_EQ(LocalProfile().streams.tcp_timeout, absl::Seconds(1));
}

TEST(GossipOptionsTest, ValidateNamesWhatIsOutOfRange) {
  const struct {
    std::string option;
    std::function<void(GossipOptions&)> spoil;
  } cases[] = {
      {"probe_interval",
       [](auto& o) { o.probe.interval = absl::ZeroDuration(); }},
      {"probe_timeout", [](auto& o) { o.probe.timeout = o.probe.interval; }},
      {"gossip_interval",
       [](auto& o) { o.dissemination.interval = -absl::Seconds(1); }},
      {"push_pull_interval",
       [](auto& o) {
         o.streams.push_pull_interval = absl::InfiniteDuration();
       }},
      {"tcp_timeout",
       [](auto& o) { o.streams.tcp_timeout = absl::ZeroDuration(); }},
      {"reconnect_interval_max",
       [](auto& o) { o.reconnect.interval_max = absl::Milliseconds(1); }},
      {"indirect_checks", [](auto& o) { o.probe.indirect_checks = -1; }},
      {"awareness_max_multiplier",
       [](auto& o) { o.probe.awareness_max_multiplier = 0; }},
      {"suspicion_mult", [](auto& o) { o.suspicion.mult = 0; }},
      {"gossip_nodes", [](auto& o) { o.dissemination.nodes = 0; }},
      {"udp_buffer_size",
       [](auto& o) { o.dissemination.udp_buffer_size = 100; }},
      {"udp_buffer_size",
       [](auto& o) { o.dissemination.udp_buffer_size = 70000; }},
      {"members_max", [](auto& o) { o.admission.members_max = 0; }},
      {"members_max", [](auto& o) { o.admission.members_max = 65537; }},
      {"user_transmits", [](auto& o) { o.dissemination.user_transmits = 0; }},
      {"stream_bytes_max", [](auto& o) { o.streams.bytes_max = 1 << 20; }},
  };
  for (const auto& [option, spoil] : cases) {
    GossipOptions options;
    spoil(options);
    EXPECT_THAT(Validate(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                            StartsWith(option + ": ")))
        << option;
  }
}

}  // namespace
}  // namespace lb::gossip
