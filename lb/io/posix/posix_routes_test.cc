// The contract suite of RouteTable on real routes.
#include <net/if.h>

#include <memory>
#include <utility>

#include "lb/base/check.h"
#include "lb/io/posix/netlink_routes.h"
#include "lb/io/posix/testing/test_links.h"
#include "lb/io/testing/route_contract.h"

namespace lb::io {
namespace {

// One end of a veth pair; it goes with its addresses and routes.
class PosixRoutes final : public RouteHarness {
 public:
  PosixRoutes(TestLinks links, std::unique_ptr<NetlinkRoutes> routes)
      : links_(std::move(links)), routes_(std::move(routes)) {
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
  void SetDefaultGateway(const net::IpAddress& gateway) override {
    LB_CHECK(links_.AddDefaultRoute("va", gateway).ok());
  }

 private:
  TestLinks links_;
  std::unique_ptr<NetlinkRoutes> routes_;
};

std::unique_ptr<RouteHarness> MakePosixRoutes() {
  if (!HaveNamespace()) return nullptr;
  auto links = TestLinks::Create();
  auto routes = NetlinkRoutes::Create();
  LB_CHECK(links.ok() && routes.ok());
  return std::make_unique<PosixRoutes>(*std::move(links), *std::move(routes));
}

INSTANTIATE_TEST_SUITE_P(Posix, RouteContractTest,
                         testing::Values(&MakePosixRoutes));

}  // namespace
}  // namespace lb::io
