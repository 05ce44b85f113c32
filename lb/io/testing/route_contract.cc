// What every RouteTable does.
#include "lb/io/testing/route_contract.h"

#include <string_view>
#include <utility>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::io {
namespace {

using testing::HasSubstr;

net::IpAddress At(std::string_view text) { return *net::ParseIpAddress(text); }
net::IpPrefix On(std::string_view text) { return *net::ParseIpPrefix(text); }

}  // namespace

void RouteContractTest::SetUp() {
  harness_ = GetParam()();
  if (harness_ == nullptr) {
    GTEST_SKIP() << "SKIPPED: no network namespace, want CAP_SYS_ADMIN";
  }
}

TEST_P(RouteContractTest, AHostOfThePrefixIsReachedFromTheLinksAddress) {
  for (const auto& [prefix, host] : {std::pair("10.1.0.5/24", "10.1.0.77"),
                                     std::pair("fd00:1::5/64", "fd00:1::77")}) {
    harness_->AddAddress(On(prefix));
    EXPECT_THAT(routes().Find(At(host)),
                IsOkAndHolds(Route{.interface = harness_->link_index(),
                                   .source = On(prefix).address}));
    harness_->RemoveAddress(On(prefix));
    EXPECT_THAT(routes().Find(At(host)),
                StatusIs(absl::StatusCode::kNotFound, HasSubstr(host)));
  }
}

// As kube-proxy and keepalived add them, whether lower or higher.
TEST_P(RouteContractTest, AnAddressOfFullLengthIsNoSource) {
  harness_->AddAddress(On("10.1.0.5/24"));
  harness_->AddAddress(On("10.1.0.2/32"));
  harness_->AddAddress(On("10.1.0.9/32"));
  const auto route = routes().Find(At("10.1.0.77"));
  ASSERT_THAT(route, IsOk());
  EXPECT_EQ(route->source, At("10.1.0.5"));
}

TEST_P(RouteContractTest, AnOwnAddressIsReachedFromItself) {
  harness_->AddAddress(On("10.1.0.5/24"));
  harness_->AddAddress(On("fd00:1::5/64"));
  for (const char* own : {"10.1.0.5", "fd00:1::5"}) {
    const auto route = routes().Find(At(own));
    ASSERT_THAT(route, IsOk());
    EXPECT_TRUE(route->local);
    EXPECT_EQ(route->source, At(own));
  }
}

TEST_P(RouteContractTest, TheDefaultRouteLeadsToTheGateway) {
  harness_->AddAddress(On("10.1.0.5/24"));
  EXPECT_THAT(routes().FindDefault(net::IpFamily::kIpv4),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("no default route for IPv4")));
  harness_->SetDefaultGateway(At("10.1.0.1"));
  EXPECT_THAT(routes().FindDefault(net::IpFamily::kIpv4),
              IsOkAndHolds(Route{.interface = harness_->link_index(),
                                 .source = At("10.1.0.5"),
                                 .gateway = At("10.1.0.1")}));
  EXPECT_THAT(routes().FindDefault(net::IpFamily::kIpv6),
              StatusIs(absl::StatusCode::kNotFound));
  harness_->AddAddress(On("fd00:1::5/64"));
  harness_->SetDefaultGateway(At("fd00:1::1"));
  EXPECT_THAT(routes().FindDefault(net::IpFamily::kIpv6),
              IsOkAndHolds(Route{.interface = harness_->link_index(),
                                 .source = At("fd00:1::5"),
                                 .gateway = At("fd00:1::1")}));
}

TEST_P(RouteContractTest, NextHopsAreThoseOfAllRoutes) {
  EXPECT_THAT(routes().FindNextHops(), IsOkAndHolds(NextHops{}));
  harness_->AddAddress(On("10.1.0.5/24"));
  harness_->AddAddress(On("fd00:1::5/64"));
  EXPECT_THAT(routes().FindNextHops(), IsOkAndHolds(NextHops{}));
  harness_->SetDefaultGateway(At("10.1.0.1"));
  harness_->AddRoute(On("192.168.7.0/24"), At("10.1.0.77"));
  harness_->AddRoute(On("192.168.8.0/24"), At("10.1.0.77"));
  harness_->AddRoute(On("fd00:7::/64"), At("fd00:1::77"));
  harness_->AddRoute(On("fd00:8::/64"), At("fe80::77"));
  EXPECT_THAT(routes().FindNextHops(),
              IsOkAndHolds(NextHops{
                  {At("10.1.0.1"), At("10.1.0.77"), At("fd00:1::77")}}));
}

TEST_P(RouteContractTest, NobodyIsReachedWithoutAddresses) {
  EXPECT_THAT(routes().Find(At("10.1.0.77")),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(routes().Find(At("fe80::77")),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace lb::io
