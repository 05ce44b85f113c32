// The contract suite of RouteTable. As io_contract.h, but apart: real routes
// need a network namespace.
//
//   INSTANTIATE_TEST_SUITE_P(Sim, RouteContractTest,
//                            testing::Values(&MakeSimRoutes));
#ifndef LB_IO_TESTING_ROUTE_CONTRACT_H_
#define LB_IO_TESTING_ROUTE_CONTRACT_H_

#include <memory>

#include "gtest/gtest.h"
#include "lb/io/route_table.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::io {

class RouteHarness {
 public:
  virtual ~RouteHarness() = default;

  virtual const RouteTable& routes() = 0;
  // The host has one link besides "lo", and it is up.
  virtual int link_index() = 0;
  virtual void AddAddress(const net::IpPrefix& address) = 0;
  virtual void RemoveAddress(const net::IpPrefix& address) = 0;
  // A route that is no link's own.
  virtual void AddRoute(const net::IpPrefix& to,
                        const net::IpAddress& gateway) = 0;
  virtual void SetDefaultGateway(const net::IpAddress& gateway) = 0;
};

// Null: not possible here.
using MakeRouteHarness = std::unique_ptr<RouteHarness> (*)();

class RouteContractTest : public testing::TestWithParam<MakeRouteHarness> {
 protected:
  void SetUp() override;

  const RouteTable& routes() { return harness_->routes(); }

  std::unique_ptr<RouteHarness> harness_;
};

}  // namespace lb::io

#endif  // LB_IO_TESTING_ROUTE_CONTRACT_H_
