// SimRouteTable: a RouteTable that follows from a simulated host's links, and
// from the default gateways that a test sets.
//
// As Linux does it, but for the order in which addresses came: the longest
// prefix of a link that is switched on, and of the addresses in it the first
// one. A prefix of full length (/32, /128) reaches no other host.
#ifndef LB_IO_SIM_SIM_ROUTE_TABLE_H_
#define LB_IO_SIM_SIM_ROUTE_TABLE_H_

#include <map>

#include "absl/status/statusor.h"
#include "lb/io/route_table.h"
#include "lb/io/sim/sim_link_monitor.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::io {

class SimRouteTable final : public RouteTable {
 public:
  explicit SimRouteTable(const SimLinkMonitor* links) : links_(links) {}

  // The default route of the gateway's family. It counts while a link reaches
  // the gateway.
  void SetDefaultGateway(const net::IpAddress& gateway) {
    gateways_[gateway.family()] = gateway;
  }
  // A route that is no link's own: wins by its length, as any other.
  void Add(const net::IpPrefix& to, const Route& route) { added_[to] = route; }
  void Remove(const net::IpPrefix& to) { added_.erase(to); }

  absl::StatusOr<Route> Find(const net::IpAddress& to) const override;
  absl::StatusOr<NextHops> FindNextHops() const override;

 private:
  absl::StatusOr<Route> FindWithoutGateway(const net::IpAddress& to) const;

  const SimLinkMonitor* const links_;
  std::map<net::IpFamily, net::IpAddress> gateways_;
  std::map<net::IpPrefix, Route> added_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_ROUTE_TABLE_H_
