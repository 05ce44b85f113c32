// The contract suite of RouteTable on real routes.
#include <net/if.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lb/base/check.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/posix/netlink_routes.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/testing/test_links.h"
#include "lb/io/testing/route_contract.h"

namespace lb::io {
namespace {

// One end of a veth pair; it goes with its addresses and routes.
class PosixRoutes final : public RouteHarness {
 public:
  explicit PosixRoutes(TestLinks links)
      : links_(std::move(links)), routes_(*NetlinkRoutes::Create(&loop_)) {
    links_.Delete("va");
    LB_CHECK(links_.AddVethPair("va", "vb").ok());
    for (const char* name : {"lo", "va", "vb"}) {
      LB_CHECK(links_.SetUp(name, true).ok());
    }
  }
  ~PosixRoutes() override { links_.Delete("va"); }

  const RouteTable& routes() override { return *routes_; }
  int link_index() override { return static_cast<int>(if_nametoindex("va")); }
  void AddAddress(const net::IpPrefix& address) override {
    LB_CHECK(links_.AddAddress("va", address).ok());
  }
  void RemoveAddress(const net::IpPrefix& address) override {
    LB_CHECK(links_.RemoveAddress("va", address).ok());
  }
  void AddRoute(const net::IpPrefix& to,
                const net::IpAddress& gateway) override {
    LB_CHECK(links_.AddRoute("va", {.to = to, .gateways = {gateway}}).ok());
  }
  PosixLoop& loop() { return loop_; }
  TestLinks& links() { return links_; }
  void SetDefaultGateway(const net::IpAddress& gateway) override {
    LB_CHECK(links_.AddDefaultRoute("va", gateway).ok());
  }

 private:
  PosixLoop loop_;
  TestLinks links_;
  std::unique_ptr<NetlinkRoutes> routes_;
};

std::unique_ptr<RouteHarness> MakePosixRoutes() {
  if (!HaveNamespace()) return nullptr;
  auto links = TestLinks::Create();
  LB_CHECK(links.ok());
  return std::make_unique<PosixRoutes>(*std::move(links));
}

INSTANTIATE_TEST_SUITE_P(Posix, RouteContractTest,
                         testing::Values(&MakePosixRoutes));

net::IpAddress At(const char* text) { return *net::ParseIpAddress(text); }
net::IpPrefix On(const char* text) { return *net::ParseIpPrefix(text); }

TEST(PosixRoutesTest, NextHopsOfMultipathRoutesAndOfOtherTables) {
  const auto harness = MakePosixRoutes();
  if (harness == nullptr) {
    GTEST_SKIP() << "SKIPPED: no network namespace, want CAP_SYS_ADMIN";
  }
  harness->AddAddress(On("10.1.0.5/24"));
  harness->AddAddress(On("fd00:1::5/64"));
  TestLinks& links = static_cast<PosixRoutes&>(*harness).links();
  for (const TestLinks::NewRoute& route : std::vector<TestLinks::NewRoute>{
           {.to = On("192.168.7.0/24"),
 .gateways = {At("10.1.0.71"), At("10.1.0.72")}},
           {.to = On("fd00:7::/64"),
           .gateways = {At("fd00:1::71"), At("fd00:1::72")}},
           {.to = On("192.168.8.0/24"),
           .gateways = {At("10.1.0.73")},
           .table = 100},
           {.to = On("fd00:8::/64"),
           .gateways = {At("fd00:1::73")},
           .table = 1000}}) {
    ASSERT_THAT(links.AddRoute("va", route), IsOk()) << route.to.ToString();
  }
  EXPECT_THAT(harness->routes().FindNextHops(),
              IsOkAndHolds(NextHops{{At("10.1.0.71"), At("10.1.0.72"),
                                     At("10.1.0.73"), At("fd00:1::71"),
                                     At("fd00:1::72"), At("fd00:1::73")}}));
}

TEST(PosixRoutesTest, NextHopsAreReadBesideTheLoop) {
  const auto harness = MakePosixRoutes();
  if (harness == nullptr) {
    GTEST_SKIP() << "SKIPPED: no network namespace, want CAP_SYS_ADMIN";
  }
  harness->AddAddress(On("10.1.0.5/24"));
  harness->SetDefaultGateway(At("10.1.0.1"));
  for (int i = 0; i < 2; ++i) {
    std::optional<absl::StatusOr<NextHops>> found;
    harness->routes().FindNextHopsLater(
        [&](auto next_hops) { found = std::move(next_hops); });
    EXPECT_FALSE(found.has_value());
    PosixLoop& loop = static_cast<PosixRoutes&>(*harness).loop();
    ASSERT_TRUE(
        loop.RunUntil([&] { return found.has_value(); }, absl::Seconds(60)));
    EXPECT_THAT(*found, IsOkAndHolds(NextHops{{At("10.1.0.1")}}));
  }
}

// As a host has them that takes part in the routing of the Internet.
TEST(PosixRoutesTest, MoreRoutesThanAreReadAreSaidToBeMore) {
  const auto harness = MakePosixRoutes();
  if (harness == nullptr) {
    GTEST_SKIP() << "SKIPPED: no network namespace, want CAP_SYS_ADMIN";
  }
  harness->AddAddress(On("10.1.0.5/24"));
  for (uint32_t i = 0; i < RouteTable::kRoutesReadMax; ++i) {
    harness->AddRoute({net::IpAddress::Ipv4((20 << 24) + i), 32},
                      At("10.1.0.71"));
  }
  EXPECT_THAT(harness->routes().FindNextHops(),
              IsOkAndHolds(NextHops{{At("10.1.0.71")}, false}));
}

}  // namespace
}  // namespace lb::io
