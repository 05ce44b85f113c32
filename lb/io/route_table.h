// RouteTable: which way the host's packets take, and from which address.
//
// It asks the kernel and sends no packet. Loop thread only.
#ifndef LB_IO_ROUTE_TABLE_H_
#define LB_IO_ROUTE_TABLE_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"

namespace lb::io {

struct Route {
  int interface = 0;      // The index of the link that packets leave by.
  net::IpAddress source;  // What they are sent from, unless a socket is bound.
  std::optional<net::IpAddress> gateway;  // Nullopt: the link reaches it.
  bool local = false;  // The destination is an address of this host.

  friend bool operator==(const Route&, const Route&) = default;
};

// Routers that a host sends packets to.
struct NextHops {
  std::vector<net::IpAddress> addresses;  // Sorted, none twice.
  bool complete = true;  // All routes were read; else those of the first ones.

  friend bool operator==(const NextHops&, const NextHops&) = default;
};

class RouteTable {
 public:
  // So many routes are read for next hops: some 50 ms.
  static constexpr size_t kRoutesReadMax = 50'000;

  virtual ~RouteTable() = default;

  // The way to `to`, by all rules of the host. If several IPv6 addresses would
  // do as a source, one that stays is preferred to a temporary one. NotFound:
  // there is no way, or none without naming a link (link-local).
  virtual absl::StatusOr<Route> Find(const net::IpAddress& to) const = 0;

  // The next hops of all routes, of all tables. Which rules lead to a table
  // does not matter: its next hops are routers on the host's links in any case.
  // Link-local ones are left out, and what another router only recommended (a
  // redirect). Unavailable: the kernel refused; another try is worth it.
  virtual absl::StatusOr<NextHops> FindNextHops() const = 0;
  // The same without keeping the loop: `on_found` is called before this returns
  // or on a later turn, unless the table is destroyed before. REQUIRES: it was
  // called for the call before.
  using OnNextHops = absl::AnyInvocable<void(absl::StatusOr<NextHops>)>;
  virtual void FindNextHopsLater(OnNextHops on_found) const {
    on_found(FindNextHops());
  }

  // The way to what no other route is for: the default route's. NotFound: there
  // is no default route of that family.
  absl::StatusOr<Route> FindDefault(net::IpFamily family) const;
};

}  // namespace lb::io

#endif  // LB_IO_ROUTE_TABLE_H_
