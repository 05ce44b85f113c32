#include "lb/io/route_table.h"

#include "fmt/format.h"

namespace lb::io {
namespace {

// Addresses for documentation (RFC 5737, RFC 3849): no host has them, so the
// default route leads there. A host may drop what goes to some of them.
constexpr const char* kNobodys[] = {"192.0.2.1", "198.51.100.1", "203.0.113.1",
                                    "2001:db8::1", "2001:db8:ffff::1"};

}  // namespace

absl::StatusOr<Route> RouteTable::FindDefault(net::IpFamily family) const {
  for (const char* text : kNobodys) {
    const net::IpAddress nobodys = *net::ParseIpAddress(text);
    if (nobodys.family() != family) continue;
    absl::StatusOr<Route> route = Find(nobodys);
    if (route.ok() && !route->local) return route;
  }
  return absl::NotFoundError(
      fmt::format("route: no default route for {}", net::ToString(family)));
}

}  // namespace lb::io
