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
  EXPECT_EQ(LanProfile().probe_interval, absl::Seconds(1));
  EXPECT_EQ(LanProfile().suspicion_mult, 4);
  EXPECT_EQ(WanProfile().probe_timeout, absl::Seconds(3));
  EXPECT_EQ(WanProfile().gossip_nodes, 4);
  EXPECT_EQ(LocalProfile().retransmit_mult, 2);
  EXPECT_EQ(LocalProfile().tcp_timeout, absl::Seconds(1));
}

TEST(GossipOptionsTest, ValidateNamesWhatIsOutOfRange) {
  const struct {
    std::string option;
    std::function<void(GossipOptions&)> spoil;
  } cases[] = {
      {"probe_interval",
       [](auto& o) { o.probe_interval = absl::ZeroDuration(); }},
      {"probe_timeout", [](auto& o) { o.probe_timeout = o.probe_interval; }},
      {"gossip_interval",
       [](auto& o) { o.gossip_interval = -absl::Seconds(1); }},
      {"push_pull_interval",
       [](auto& o) { o.push_pull_interval = absl::InfiniteDuration(); }},
      {"tcp_timeout", [](auto& o) { o.tcp_timeout = absl::ZeroDuration(); }},
      {"rejoin_interval_max",
       [](auto& o) { o.rejoin_interval_max = absl::Milliseconds(1); }},
      {"indirect_checks", [](auto& o) { o.indirect_checks = -1; }},
      {"awareness_max_multiplier",
       [](auto& o) { o.awareness_max_multiplier = 0; }},
      {"suspicion_mult", [](auto& o) { o.suspicion_mult = 0; }},
      {"gossip_nodes", [](auto& o) { o.gossip_nodes = 0; }},
      {"udp_buffer_size", [](auto& o) { o.udp_buffer_size = 100; }},
      {"udp_buffer_size", [](auto& o) { o.udp_buffer_size = 70000; }},
      {"members_max", [](auto& o) { o.members_max = 0; }},
      {"members_max", [](auto& o) { o.members_max = 65537; }},
      {"user_transmits", [](auto& o) { o.user_transmits = 0; }},
      {"stream_bytes_max", [](auto& o) { o.stream_bytes_max = 1 << 20; }},
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
