#include "lb/bgp/advertisements/advertised_routes.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

net::IpAddress Address(const std::string& text) {
  return *net::ParseIpAddress(text);
}

std::shared_ptr<const Advertisement> Make(Advertisement advertisement) {
  return std::make_shared<const Advertisement>(std::move(advertisement));
}

AdvertisedService Service(const std::vector<std::string>& addresses,
                          const Advertisements& advertisements) {
  AdvertisedService service;
  for (const std::string& address : addresses) {
    service.addresses.push_back({Address(address), advertisements});
  }
  return service;
}

absl::Time At(int seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

class AdvertisedRoutesTest : public testing::Test {
 protected:
  AdvertisedRoutesTest() { routes_.SetPeers({{"tor", Asn{64512}}}); }

  std::string Tor() {
    routes_.Update();
    return routes_.RoutesOf("tor").ToString();
  }

  AdvertisedRoutes routes_;
};

TEST_F(AdvertisedRoutesTest, EachAddressByEachAdvertisementToItsPeers) {
  routes_.SetPeers({{"spine", Asn{64512}}, {"tor", Asn{64512}}});
  routes_.Announce(
      "s", Service({"192.0.2.10", "2001:db8::10"},
                   {Make({.name = "hosts"}), Make({.name = "networks",
                                                   .aggregation_length = 24,
                                                   .aggregation_length_v6 = 64,
                                                   .peers = {"spine"},
                                                   .local_preference = 300})}));
  routes_.Update();
  EXPECT_EQ(routes_.ToString(),
            "to spine:\n"
            "192.0.2.0/24 local-preference 300\n"
            "192.0.2.10/32\n"
            "2001:db8::/64 local-preference 300\n"
            "2001:db8::10/128\n"
            "to tor:\n"
            "192.0.2.10/32\n"
            "2001:db8::10/128\n");
  EXPECT_EQ(routes_.RoutesOf("another").ToString(), "");
}

TEST_F(AdvertisedRoutesTest, OnePrefixIsOneRouteWithTheBestOfAll) {
  routes_.Announce(
      "s", Service({"192.0.2.10"}, {Make({.name = "a",
                                          .local_preference = 50,
                                          .med = 20,
                                          .prepends = 3,
                                          .communities = {{2}, {1}},
                                          .large_communities = {{1, 2, 3}}}),
                                    Make({.name = "b",
                                          .local_preference = 200,
                                          .med = 10,
                                          .prepends = 1,
                                          .communities = {{3}, {1}}})}));
  EXPECT_EQ(Tor(),
            "192.0.2.10/32 local-preference 200, MED 10, prepends 1, "
            "communities 0:1 0:2 0:3 large:1:2:3\n");
  EXPECT_THAT(routes_.problems(),
              ElementsAre("192.0.2.10/32 to tor: local-preference 200 of b, "
                          "not 50 of a"));
}

TEST_F(AdvertisedRoutesTest, WithoutMedIsTheLowestMed) {
  routes_.Announce("s", Service({"192.0.2.10"}, {Make({.name = "a", .med = 20}),
                                                 Make({.name = "b"})}));
  EXPECT_EQ(Tor(), "192.0.2.10/32\n");
}

TEST_F(AdvertisedRoutesTest, AnAggregateStaysUntilTheLastServiceIsGone) {
  const auto network = Make({.name = "n", .aggregation_length = 24});
  routes_.Announce("s", Service({"192.0.2.10"}, {network}));
  routes_.Announce("t", Service({"192.0.2.20"}, {network}));
  EXPECT_EQ(Tor(), "192.0.2.0/24\n");
  routes_.TakeChanged();
  routes_.Withdraw("s");
  EXPECT_EQ(Tor(), "192.0.2.0/24\n");
  EXPECT_THAT(routes_.TakeChanged(), IsEmpty());
  routes_.Withdraw("t");
  EXPECT_EQ(Tor(), "");
  EXPECT_EQ(routes_.TakeChanged().at("tor").size(), 1u);
}

TEST_F(AdvertisedRoutesTest, TheProblemGoesWithItsCause) {
  routes_.Announce("s", Service({"192.0.2.10"},
                                {Make({.name = "a", .local_preference = 50})}));
  routes_.Announce("t", Service({"192.0.2.10"},
                                {Make({.name = "b", .local_preference = 60})}));
  EXPECT_EQ(Tor(), "192.0.2.10/32 local-preference 60\n");
  EXPECT_EQ(routes_.problems().size(), 1u);
  routes_.Withdraw("t");
  EXPECT_EQ(Tor(), "192.0.2.10/32 local-preference 50\n");
  EXPECT_THAT(routes_.problems(), IsEmpty());
}

TEST_F(AdvertisedRoutesTest, BandwidthGoesWithLocalEndpoints) {
  const auto weighed =
      Make({.name = "w", .aggregation_length = 24, .link_bandwidth = true});
  AdvertisedService service = Service({"192.0.2.10", "192.0.2.11"}, {weighed});
  service.local_endpoints = 3;
  routes_.Announce("s", service);
  EXPECT_EQ(Tor(), "192.0.2.0/24 bandwidth:64512:3000000\n");
  service.local_endpoints = 2;
  routes_.Announce("t", service);
  EXPECT_EQ(Tor(), "192.0.2.0/24 bandwidth:64512:5000000\n");
  routes_.SetPeers({{"tor", Asn{64513}}});
  EXPECT_EQ(Tor(), "192.0.2.0/24 bandwidth:64513:5000000\n");
  routes_.Withdraw("s");
  service.local_endpoints = 0;
  routes_.Announce("t", service);
  EXPECT_EQ(Tor(), "192.0.2.0/24 bandwidth:64513:1000000\n");
}

TEST_F(AdvertisedRoutesTest, HoldsARouteForAWhileWithoutEndpoints) {
  const auto held = Make({.name = "h", .withdraw_hold = absl::Seconds(5)});
  const auto longer = Make({.name = "l",
                            .aggregation_length = 24,
                            .withdraw_hold = absl::Seconds(9)});
  const auto not_held = Make({.name = "n", .aggregation_length = 16});
  const AdvertisedService service =
      Service({"192.0.2.10"}, {held, longer, not_held});
  routes_.Announce("s", service);
  EXPECT_EQ(Tor(), "192.0.0.0/16\n192.0.2.0/24\n192.0.2.10/32\n");
  routes_.WithdrawLater("s", service, At(10));
  EXPECT_EQ(Tor(), "192.0.2.0/24\n192.0.2.10/32\n");
  EXPECT_EQ(routes_.NextDeadline(), At(15));
  routes_.WithdrawLater("s", service, At(14));  // It has none since 10.
  EXPECT_EQ(routes_.NextDeadline(), At(15));
  routes_.OnTimer(At(14));
  EXPECT_EQ(Tor(), "192.0.2.0/24\n192.0.2.10/32\n");
  routes_.OnTimer(At(15));
  EXPECT_EQ(Tor(), "192.0.2.0/24\n");
  EXPECT_TRUE(routes_.Has("s"));
  EXPECT_EQ(routes_.NextDeadline(), At(19));
  routes_.OnTimer(At(19));
  EXPECT_EQ(Tor(), "");
  EXPECT_FALSE(routes_.Has("s"));
  EXPECT_EQ(routes_.NextDeadline(), std::nullopt);
}

TEST_F(AdvertisedRoutesTest, AnEndpointThatComesBackEndsTheHold) {
  const AdvertisedService service = Service(
      {"192.0.2.10"}, {Make({.name = "h", .withdraw_hold = absl::Seconds(5)})});
  routes_.Announce("s", service);
  routes_.WithdrawLater("s", service, At(10));
  routes_.Announce("s", service);
  EXPECT_EQ(routes_.NextDeadline(), std::nullopt);
  routes_.OnTimer(At(60));
  EXPECT_EQ(Tor(), "192.0.2.10/32\n");
  // The next hold is a whole one.
  routes_.WithdrawLater("s", service, At(70));
  EXPECT_EQ(routes_.NextDeadline(), At(75));
}

TEST_F(AdvertisedRoutesTest, HoldsOnlyWhatWasToldAndIsStillWanted) {
  const auto held = Make({.name = "h", .withdraw_hold = absl::Seconds(5)});
  routes_.WithdrawLater("never", Service({"192.0.2.9"}, {held}), At(1));
  routes_.Announce("s", Service({"192.0.2.10", "192.0.2.11"}, {held}));
  routes_.WithdrawLater("s", Service({"192.0.2.11", "192.0.2.12"}, {held}),
                        At(1));
  EXPECT_EQ(Tor(), "192.0.2.11/32\n");
}

TEST_F(AdvertisedRoutesTest, OneRouteMoreThanTheBoundWaitsForRoom) {
  AdvertisedRoutes routes(/*routes_max=*/2);
  routes.SetPeers({{"tor", Asn{1}}});
  const auto hosts = Make({.name = "a"});
  for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    routes.Announce(address, Service({address}, {hosts}));
    routes.Update();
  }
  EXPECT_EQ(routes.RoutesOf("tor").ToString(), "192.0.2.1/32\n192.0.2.2/32\n");
  EXPECT_THAT(routes.problems(),
              ElementsAre("192.0.2.3/32 to tor: not told, want at most 2 "
                          "routes"));
  routes.Withdraw("192.0.2.1");
  routes.Update();
  EXPECT_EQ(routes.RoutesOf("tor").ToString(), "192.0.2.2/32\n192.0.2.3/32\n");
  EXPECT_THAT(routes.problems(), IsEmpty());
}

// Which of the communities would be left out?
TEST_F(AdvertisedRoutesTest, TooManyCommunitiesTogetherAreNoRoute) {
  const auto of = [](uint32_t first, uint32_t count) {
    std::vector<Community> communities;
    for (uint32_t i = 0; i < count; ++i) communities.push_back({first + i});
    return communities;
  };
  routes_.Announce("s",
                   Service({"192.0.2.10"},
                           {Make({.name = "a", .communities = of(0, 60)}),
                            Make({.name = "b", .communities = of(50, 13)})}));
  EXPECT_NE(Tor(), "") << "63 are allowed";
  routes_.Announce("s",
                   Service({"192.0.2.10"},
                           {Make({.name = "a", .communities = of(0, 60)}),
                            Make({.name = "b", .communities = of(50, 14)})}));
  EXPECT_EQ(Tor(), "");
  EXPECT_THAT(routes_.problems(),
              ElementsAre(testing::StartsWith(
                  "192.0.2.10/32 to tor: not told: communities: 64, want ")));
}

TEST_F(AdvertisedRoutesTest, APeerThatComesIsToldAll) {
  routes_.Announce("s", Service({"192.0.2.10"}, {Make({.name = "a"})}));
  routes_.Update();
  routes_.TakeChanged();
  routes_.SetPeers({{"spine", Asn{1}}});
  routes_.Update();
  EXPECT_EQ(routes_.ToString(), "to spine:\n192.0.2.10/32\n");
  const auto changed = routes_.TakeChanged();
  EXPECT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed.at("spine").size(), 1u);
  EXPECT_TRUE(routes_.RoutesOf("tor").empty());
}

}  // namespace
}  // namespace lb::bgp
