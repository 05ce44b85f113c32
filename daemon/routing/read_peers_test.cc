// What the reader of BGPPeer takes, a session takes, too: else the object would
// be in force, and its peer without a session.
#include <string>
#include <string_view>

#include "daemon/routes/testing/route_story.h"
#include "daemon/routing/peer_plan.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/bgp/peer.h"

namespace lb {
namespace {

using testing::SizeIs;

std::string Field(const char* name, std::string_view value) {
  return value.empty() ? "" : fmt::format(", {}: {}", name, value);
}

TEST(ReadPeersTest, EachTimeThatIsReadIsOneOfASession) {
  RouteStory story("n1");
  int read = 0;
  for (const char* const hold :
       {"", "0s", "3s", "3500ms", "3999ms", "9s", "65535s", "65535999ms"}) {
    for (const char* const keepalive :
         {"", "0s", "1ns", "999ms", "1s", "1001ms", "3s", "3200ms", "3500ms",
          "21845s", "65535s", "65535500ms"}) {
      for (const char* const connect : {"", "1s", "65535s"}) {
        const std::string times = Field("holdTime", hold) +
                                  Field("keepaliveTime", keepalive) +
                                  Field("connectTime", connect);
        SCOPED_TRACE(times);
        story.SetManifests(
            fmt::format("apiVersion: metallb.io/v1beta2\nkind: BGPPeer\n"
                        "metadata: {{name: p}}\nspec: {{myASN: 1, peerASN: 2, "
                        "peerAddress: 192.0.2.1{}}}\n",
                        times));
        if (!story.desired().problems.empty()) continue;
        ++read;
        const PeerPlan plan = PlanPeers(story.desired().bgp.peers, {{}, {}});
        ASSERT_THAT(plan.peers, SizeIs(1));
        const absl::Status valid = bgp::Validate(plan.peers[0]);
        EXPECT_TRUE(valid.ok()) << valid;
      }
    }
  }
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace lb
