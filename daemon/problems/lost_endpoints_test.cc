#include "daemon/problems/lost_endpoints.h"

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "lb/election/cluster.h"

namespace lb {
namespace {

election::ServiceTraffic OnThreeNodes() {
  return {.endpoints = {{{.node = "n1", .ready = true},
                         {.node = "n2", .ready = true},
                         {.node = "n3", .ready = true}}}};
}

TEST(LostEndpointsTest, CountsReadyEndpointsOnNodesThatFailed) {
  EXPECT_EQ(LostEndpointsText(OnThreeNodes(), FailedNodes{"n3"}),
            "1 of 3 endpoints are on nodes that failed (n3)");
  EXPECT_EQ(LostEndpointsText(OnThreeNodes(), FailedNodes{"n2", "n3", "x"}),
            "2 of 3 endpoints are on nodes that failed (n2, n3)");
  EXPECT_EQ(LostEndpointsText(OnThreeNodes(), {}), "");
  EXPECT_EQ(LostEndpointsText(OnThreeNodes(), FailedNodes{"x"}), "");
}

TEST(LostEndpointsTest, OneThatIsMarkedIsLostNoMore) {
  election::ServiceTraffic traffic = OnThreeNodes();
  traffic.endpoints->back().ready = false;
  EXPECT_EQ(LostEndpointsText(traffic, FailedNodes{"n3"}), "");
  traffic.endpoints->back().serving = true;  // It terminates.
  EXPECT_EQ(LostEndpointsText(traffic, FailedNodes{"n3"}),
            "1 of 3 endpoints are on nodes that failed (n3)");
}

TEST(LostEndpointsTest, WithPolicyLocalNoRequestGoesThere) {
  election::ServiceTraffic traffic = OnThreeNodes();
  traffic.external_traffic_policy = election::TrafficPolicy::kLocal;
  EXPECT_EQ(LostEndpointsText(traffic, FailedNodes{"n3"}), "");
  traffic = {};  // Without EndpointSlices, as on hosts without Kubernetes.
  EXPECT_EQ(LostEndpointsText(traffic, FailedNodes{"n3"}), "");
}

}  // namespace
}  // namespace lb
