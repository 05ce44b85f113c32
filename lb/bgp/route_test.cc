#include "lb/bgp/route.h"

#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {
namespace {

using ::testing::HasSubstr;

net::IpPrefix Prefix(std::string_view text) {
  return *net::ParseIpPrefix(text);
}

TEST(PathAttributesTest, SortsCommunitiesAndDropsDoubles) {
  PathAttributes attributes;
  attributes.communities = {{3}, {1}, {3}, {2}};
  attributes.large_communities = {{2, 0, 0}, {1, 9, 9}, {2, 0, 0}};
  attributes.Normalize();
  EXPECT_EQ(attributes.communities, (std::vector<Community>{{1}, {2}, {3}}));
  EXPECT_EQ(attributes.large_communities,
            (std::vector<LargeCommunity>{{1, 9, 9}, {2, 0, 0}}));
}

TEST(PathAttributesTest, PrintsWhatIsNotDefault) {
  EXPECT_EQ(PathAttributes().ToString(), "");
  PathAttributes attributes;
  attributes.local_preference = 200;
  attributes.med = 0;
  attributes.prepends = 2;
  attributes.communities = {kGracefulShutdown};
  attributes.large_communities = {{1, 2, 3}};
  attributes.link_bandwidth = {{64512}, 1000};
  EXPECT_EQ(attributes.ToString(),
            "local-preference 200, MED 0, prepends 2, "
            "communities 65535:0 large:1:2:3, bandwidth:64512:1000");
}

TEST(PathAttributesTest, RefusesWhatIsBeyondABound) {
  PathAttributes attributes;
  attributes.prepends = PathAttributes::kPrependsMax;
  attributes.communities.resize(PathAttributes::kCommunitiesMax);
  attributes.large_communities.resize(PathAttributes::kCommunitiesMax);
  EXPECT_THAT(Validate(attributes), IsOk());

  PathAttributes prepended = attributes;
  for (const int prepends : {-1, PathAttributes::kPrependsMax + 1}) {
    prepended.prepends = prepends;
    EXPECT_THAT(Validate(prepended),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("want 0 to 32")));
  }
  PathAttributes labelled = attributes;
  labelled.communities.emplace_back();
  EXPECT_THAT(Validate(labelled),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("communities: 64, want 63 at most")));
  labelled = attributes;
  labelled.large_communities.emplace_back();
  EXPECT_THAT(Validate(labelled),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("large communities: 64, want 63 at most")));
}

TEST(NetworkOfTest, DropsHostBits) {
  EXPECT_EQ(NetworkOf(Prefix("192.0.2.77/24")), Prefix("192.0.2.0/24"));
  EXPECT_EQ(NetworkOf(Prefix("192.0.2.77/32")), Prefix("192.0.2.77/32"));
  EXPECT_EQ(NetworkOf(Prefix("192.0.2.77/0")), Prefix("0.0.0.0/0"));
  EXPECT_EQ(NetworkOf(Prefix("2001:db8::7/64")), Prefix("2001:db8::/64"));
  EXPECT_EQ(NetworkOf(Prefix("2001:db8::7/0")), Prefix("::/0"));
}

TEST(RouteSetTest, HasEachNetworkOnce) {
  RouteSet routes;
  ASSERT_THAT(routes.Set({Prefix("192.0.2.1/24"), {}}), IsOk());
  ASSERT_THAT(routes.Set({Prefix("192.0.2.2/24"), {.med = 7}}), IsOk());
  ASSERT_THAT(routes.Set({Prefix("2001:db8::1/128"), {}}), IsOk());
  EXPECT_EQ(routes.size(), 2U);
  ASSERT_NE(routes.Find(Prefix("192.0.2.0/24")), nullptr);
  EXPECT_EQ(routes.Find(Prefix("192.0.2.9/24"))->med, 7U);
  EXPECT_EQ(routes.Find(Prefix("192.0.2.0/25")), nullptr);
  EXPECT_EQ(routes.ToString(), "192.0.2.0/24 MED 7\n2001:db8::1/128\n");

  EXPECT_TRUE(routes.Erase(Prefix("192.0.2.200/24")));
  EXPECT_FALSE(routes.Erase(Prefix("192.0.2.200/24")));
  EXPECT_EQ(routes.size(), 1U);
}

TEST(RouteSetTest, EqualSetsAreEqualWhateverTheOrder) {
  RouteSet one, other;
  ASSERT_THAT(one.Set({Prefix("192.0.2.1/32"), {.communities = {{2}, {1}}}}),
              IsOk());
  ASSERT_THAT(one.Set({Prefix("192.0.2.2/32"), {}}), IsOk());
  ASSERT_THAT(other.Set({Prefix("192.0.2.2/32"), {}}), IsOk());
  EXPECT_FALSE(one == other);
  ASSERT_THAT(
      other.Set({Prefix("192.0.2.1/32"), {.communities = {{1}, {2}, {1}}}}),
      IsOk());
  EXPECT_TRUE(one == other);
}

TEST(RouteSetTest, KeepsTheRouteThatItHasIfTheNewOneIsRefused) {
  RouteSet routes;
  ASSERT_THAT(routes.Set({Prefix("192.0.2.1/32"), {.prepends = 1}}), IsOk());
  EXPECT_THAT(routes.Set({Prefix("192.0.2.1/32"), {.prepends = 99}}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(routes.Find(Prefix("192.0.2.1/32"))->prepends, 1);
}

TEST(RouteTest, PrintsPrefixAndAttributes) {
  EXPECT_EQ((Route{Prefix("192.0.2.1/32"), {}}).ToString(), "192.0.2.1/32");
  EXPECT_EQ((Route{Prefix("192.0.2.1/32"), {.med = 1}}).ToString(),
            "192.0.2.1/32 MED 1");
}

}  // namespace
}  // namespace lb::bgp
