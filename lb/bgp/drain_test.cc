#include "lb/bgp/drain.h"

#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

TEST(DrainingTest, EachRouteHasTheCommunityOnce) {
  RouteSet routes;
  Route full = {.prefix = *net::ParseIpPrefix("192.0.2.1/32")};
  for (uint32_t n = 0; n < PathAttributes::kCommunitiesMax; ++n) {
    full.attributes.communities.push_back({n});
  }
  ASSERT_TRUE(routes.Set(full).ok());
  ASSERT_TRUE(routes
                  .Set({*net::ParseIpPrefix("192.0.2.2/32"),
                        {.med = 5, .communities = {{0x10001}}}})
                  .ok());
  const RouteSet draining = Draining(routes);
  ASSERT_EQ(draining.size(), 2u);
  for (const auto& [prefix, attributes] : draining) {
    EXPECT_EQ(attributes.communities.back(), kGracefulShutdown);
    EXPECT_LE(attributes.communities.size(), PathAttributes::kCommunitiesMax);
  }
  EXPECT_EQ(draining.Find(*net::ParseIpPrefix("192.0.2.2/32"))->ToString(),
            "MED 5, communities 1:1 65535:0");
  EXPECT_EQ(Draining(draining), draining);
}

}  // namespace
}  // namespace lb::bgp
