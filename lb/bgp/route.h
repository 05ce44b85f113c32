// Route: a prefix that a speaker announces. RouteSet: all that one peer is to
// know.
//
// Values: any thread. A RouteSet has each prefix once, in order, without host
// bits and with normalized attributes, so equal sets are equal values.
//
//   RouteSet routes;
//   LB_RETURN_IF_ERROR(routes.Set({*net::ParseIpPrefix("192.0.2.10/32"), {}}));
//   routes.size();  // 1
#ifndef LB_BGP_ROUTE_H_
#define LB_BGP_ROUTE_H_

#include <compare>
#include <cstddef>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "lb/bgp/path_attributes.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {

struct Route {
  net::IpPrefix prefix;
  PathAttributes attributes;

  // "192.0.2.10/32 local-preference 200".
  std::string ToString() const;

  friend auto operator<=>(const Route&, const Route&) = default;
};

// The network of `prefix`: the same length, and no host bits.
net::IpPrefix NetworkOf(const net::IpPrefix& prefix);

class RouteSet {
 public:
  using Map = absl::btree_map<net::IpPrefix, PathAttributes>;

  // Adds the route, or replaces the one of its prefix. Host bits are dropped
  // and communities sorted. InvalidArgument: Validate() refuses the attributes;
  // the set is as before.
  absl::Status Set(Route route);

  // False if there was none.
  bool Erase(const net::IpPrefix& prefix);

  // Null if there is none.
  const PathAttributes* Find(const net::IpPrefix& prefix) const;

  Map::const_iterator begin() const { return routes_.begin(); }
  Map::const_iterator end() const { return routes_.end(); }
  size_t size() const { return routes_.size(); }
  bool empty() const { return routes_.empty(); }

  // One route a line, in order.
  std::string ToString() const;

  friend bool operator==(const RouteSet&, const RouteSet&) = default;

 private:
  Map routes_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_ROUTE_H_
