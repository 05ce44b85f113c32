#include "lb/io/sim/sim_route_table.h"

#include <set>

#include "fmt/format.h"

namespace lb::io {
namespace {

bool HasFullLength(const net::IpPrefix& prefix) {
  return prefix.length == net::BitCount(prefix.address.family());
}

bool Reaches(const net::IpPrefix& prefix, const net::IpAddress& to) {
  return prefix.address.family() == to.family() && prefix.Contains(to);
}

}  // namespace

absl::StatusOr<Route> SimRouteTable::Find(const net::IpAddress& to) const {
  absl::StatusOr<Route> found = FindWithoutGateway(to);
  const auto gateway = gateways_.find(to.family());
  if (found.ok() || to.is_link_local() || gateway == gateways_.end()) {
    return found;
  }
  absl::StatusOr<Route> first = FindWithoutGateway(gateway->second);
  if (!first.ok()) return found;
  first->gateway = gateway->second;
  return first;
}

absl::StatusOr<NextHops> SimRouteTable::FindNextHops() const {
  std::set<net::IpAddress> hops;
  for (const auto& [family, gateway] : gateways_) {
    if (FindWithoutGateway(gateway).ok()) hops.insert(gateway);
  }
  for (const auto& [prefix, route] : added_) {
    if (route.gateway) hops.insert(*route.gateway);
  }
  std::erase_if(hops, [](const auto& hop) { return hop.is_link_local(); });
  return NextHops{.addresses = {hops.begin(), hops.end()}};
}

absl::StatusOr<Route> SimRouteTable::FindWithoutGateway(
    const net::IpAddress& to) const {
  std::optional<Route> best;
  int best_length = -1;
  const auto offer = [&](int length, const Route& route) {
    if (length <= best_length) return;
    best_length = length;
    best = route;
  };
  for (const Link& link : links_->Links()) {
    for (const net::IpPrefix& prefix : link.addresses) {
      if (prefix.address == to) {
        return Route{.interface = link.index, .source = to, .local = true};
      }
      if (!link.up || link.loopback || HasFullLength(prefix)) continue;
      if (to.is_link_local() || !Reaches(prefix, to)) continue;
      offer(prefix.length, {.interface = link.index, .source = prefix.address});
    }
  }
  for (const auto& [prefix, route] : added_) {
    if (Reaches(prefix, to)) offer(prefix.length, route);
  }
  if (best.has_value()) return *best;
  return absl::NotFoundError(fmt::format("route to {}: none", to.ToString()));
}

}  // namespace lb::io
