// LateRoutes: a RouteTable for tests, of which a test says when it answers.
//
// FindNextHops() answers at once; what FindNextHopsLater() asked for is
// answered by Answer().
#ifndef LB_DAEMON_HOSTS_TESTING_LATE_ROUTES_H_
#define LB_DAEMON_HOSTS_TESTING_LATE_ROUTES_H_

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "lb/io/route_table.h"
#include "lb/net/ip_address.h"

namespace lb {

class LateRoutes final : public io::RouteTable {
 public:
  absl::StatusOr<io::Route> Find(const net::IpAddress&) const override {
    return absl::NotFoundError("none");
  }
  absl::StatusOr<io::NextHops> FindNextHops() const override {
    ++waited;
    return Result();
  }
  void FindNextHopsLater(OnNextHops on_found) const override {
    EXPECT_FALSE(pending) << "one is under way";
    pending = std::move(on_found);
  }
  void Answer() { std::exchange(pending, nullptr)(Result()); }

  std::vector<net::IpAddress> hops;
  absl::Status fault;      // Not OK: the answer.
  mutable int waited = 0;  // Calls of FindNextHops().
  mutable OnNextHops pending;

 private:
  absl::StatusOr<io::NextHops> Result() const {
    if (!fault.ok()) return fault;
    return io::NextHops{.addresses = hops};
  }
};

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_TESTING_LATE_ROUTES_H_
