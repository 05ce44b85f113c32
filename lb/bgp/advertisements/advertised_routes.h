// AdvertisedRoutes: the routes that a node tells each of its peers, of the
// services that it announces.
//
// An address of a service gives one route for each of its advertisements: the
// address itself or an aggregate. What several services and advertisements
// give for one prefix and one peer is merged into one route: all communities,
// the highest local preference, the fewest prepends, the lowest MED, the
// largest bandwidth. An aggregate comes with the first service inside it, and
// goes with the last. Where local preferences differ, problems() names both.
//
//   AdvertisedRoutes routes;
//   routes.SetPeers({{"tor", Asn{64512}}});
//   routes.Announce("default/web", {.addresses = {{vip, {advertisement}}}});
//   routes.Update();
//   routes.RoutesOf("tor").ToString();  // "192.0.2.10/32\n"
//
// The cost of a change goes with the prefixes of the service, the
// advertisements at these and the peers, never with the other services, but
// for SetPeers().
//
// Bounds: `routes_max` routes for each peer. One more is not told, and is a
// problem until there is room.
//
// Pure state: no I/O; times are arguments and only count for withdraw_hold. One
// thread.
#ifndef LB_BGP_ADVERTISEMENTS_ADVERTISED_ROUTES_H_
#define LB_BGP_ADVERTISEMENTS_ADVERTISED_ROUTES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "lb/bgp/advertisements/advertisement.h"
#include "lb/bgp/asn.h"
#include "lb/bgp/route.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {

struct AdvertisedAddress {
  net::IpAddress address;
  Advertisements advertisements = {};  // Each name once.
};

struct AdvertisedService {
  std::vector<AdvertisedAddress> addresses = {};  // Each once.
  uint64_t local_endpoints = 0;                   // Usable ones.
};

class AdvertisedRoutes {
 public:
  static constexpr size_t kRoutesMax = 100'000;
  // What Advertisement::link_bandwidth tells for each local endpoint. Routers
  // weigh next hops by the ratio alone. A node without one, which passes
  // traffic on, counts as one.
  static constexpr uint64_t kBytesPerSecondPerEndpoint = 1'000'000;

  // By name, each with the AS number that this node has for it.
  using Peers = std::map<std::string, Asn, std::less<>>;
  using Prefixes = std::set<net::IpPrefix>;

  explicit AdvertisedRoutes(size_t routes_max = kRoutesMax)
      : routes_max_(routes_max) {}

  // The peers that this node has a session with, or dials.
  void SetPeers(Peers peers);

  // The service is announced so from now on.
  void Announce(const std::string& service, AdvertisedService wanted);
  // The service is announced no more.
  void Withdraw(const std::string& service);
  // The service has lost its endpoints. Each of its routes that is also one of
  // `wanted` stays for the withdraw_hold of its advertisement from the first
  // such call on. Announce() ends the hold.
  void WithdrawLater(const std::string& service,
                     const AdvertisedService& wanted, absl::Time now);

  // When the next hold ends; OnTimer() then withdraws. Nullopt: there is none.
  std::optional<absl::Time> NextDeadline() const;
  void OnTimer(absl::Time now);

  // Brings the routes to what was said since the last call. True: a route has
  // changed.
  bool Update();

  // As of the last Update(). Empty for a peer that is none of SetPeers().
  const RouteSet& RoutesOf(std::string_view peer) const;
  // Prefixes of which a peer is told something else than at the last call, or
  // nothing any more, by peer. A peer that went is not in it.
  std::map<std::string, Prefixes, std::less<>> TakeChanged() {
    return std::exchange(changed_, {});
  }

  // Is the service announced, or held?
  bool Has(std::string_view service) const {
    return services_.contains(service);
  }

  // One line for each route that is told otherwise than an advertisement asks,
  // or is not told: "192.0.2.0/24 to tor: local-preference 200 of b, not 100
  // of a". By prefix, then by peer.
  std::vector<std::string> problems() const;

  // All routes, under a line for each peer.
  std::string ToString() const;

 private:
  // What the services that have an advertisement give for one prefix.
  struct Contribution {
    std::shared_ptr<const Advertisement> advertisement;
    size_t services = 0;
    uint64_t local_endpoints = 0;
  };
  using Contributions = std::map<std::string, Contribution, std::less<>>;

  struct Held {
    AdvertisedService service;
    // When it lost its endpoints: WithdrawLater().
    std::optional<absl::Time> lost_at;
  };

  struct Merged {
    PathAttributes attributes;
    std::string problem;
  };

  using Services = std::map<std::string, Held, std::less<>>;

  void Add(const AdvertisedService& service);
  void Remove(const AdvertisedService& service);
  void Replace(Held& held, AdvertisedService now);
  void DropEnded(Services::iterator service, absl::Time now);
  void SetDeadline(const std::string& service, const Held& held);
  void ForgetDeadline(const std::string& service);
  std::optional<Merged> Merge(const Contributions& all, const std::string& peer,
                              Asn asn) const;
  // True: it has changed.
  bool UpdateRoute(const net::IpPrefix& prefix, const std::string& peer,
                   Asn asn);
  bool FillUp();
  void NoteProblem(const net::IpPrefix& prefix, const std::string& peer,
                   std::string problem);

  const size_t routes_max_;
  Peers peers_;
  Services services_;
  std::set<std::pair<absl::Time, std::string>> deadlines_;
  std::map<std::string, absl::Time, std::less<>> deadline_of_;
  absl::btree_map<net::IpPrefix, Contributions> prefixes_;
  std::vector<net::IpPrefix> dirty_;  // For Update(); some more than once.
  std::map<std::string, RouteSet, std::less<>> routes_;
  std::map<std::string, Prefixes, std::less<>> left_out_;
  std::map<std::string, Prefixes, std::less<>> changed_;
  std::map<std::pair<net::IpPrefix, std::string>, std::string> problems_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_ADVERTISEMENTS_ADVERTISED_ROUTES_H_
