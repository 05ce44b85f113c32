// RoutePlanner: the routes that this node tells its peers, kept up to date with
// the Desired and with the addresses of services.
//
// Each node looks at its own row alone: no election is held, and no other node
// is asked. Sessions are none of its business: a peer is in the plan as soon as
// its object is for this node.
//
//   planner.SetDesired(desired, difference);
//   planner.NoteEntries(changed);
//   planner.Update(desired, entries, now);
//   planner.routes().RoutesOf("tor");
//
// A look costs what changed: one service of 10,000 is a matter of microseconds.
// A change that concerns more than kFew services (an advertisement, a pool,
// this node's labels, a large file) is dealt with in portions of 1,000 for each
// Update(). A change of fewer ones goes before what is left of these.
//
// Pure state, loop thread only; times are values.
#ifndef LB_DAEMON_ROUTES_ROUTE_PLANNER_H_
#define LB_DAEMON_ROUTES_ROUTE_PLANNER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "daemon/placement/placement.h"
#include "daemon/routes/node_advertisements.h"
#include "lb/bgp/advertisements/advertise_verdict.h"
#include "lb/bgp/advertisements/advertised_routes.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/net/ip_address.h"

namespace lb {

class RoutePlanner {
 public:
  using Services = std::set<std::string, std::less<>>;
  struct Plan {
    bgp::AdvertiseVerdict verdict = bgp::AdvertiseVerdict::kNotOwner;
    // If this node announces the service: the addresses, and the peers that are
    // told a route of them, or would be if their sessions were up. Sorted.
    std::vector<net::IpAddress> addresses = {};
    std::vector<std::string> peers = {};
  };
  // By service; those that have an address that is not withheld.
  using Plans = std::map<std::string, Plan, std::less<>>;

  // So few services go before others.
  static constexpr size_t kFew = 64;

  explicit RoutePlanner(NodeIdentity identity);

  // Inputs, for the next Update().
  void SetDesired(const config::Desired& desired);
  // The same, at a cost that goes with what differs from the one before.
  void SetDesired(const config::Desired& desired,
                  const config::Difference& difference);
  // Services whose addresses are others.
  void NoteEntries(const Services& changed);
  // Addresses that no node may announce, because a host has them.
  void SetWithheld(std::set<net::IpAddress> withheld);

  // Looks at the services that are due, and withdraws what was held long
  // enough.
  void Update(const config::Desired& desired, const AddressEntries& entries,
              absl::Time now);
  // Some services are left for the next Update().
  bool has_more() const { return !due_.empty(); }
  // True if the last Update() changed a route because a few services are others
  // or a hold ended: it is not to wait for what is left.
  bool is_urgent() const { return is_urgent_; }
  // When to call Update() though nothing changed. Nullopt: there is no need.
  std::optional<absl::Time> NextDeadline() const {
    return routes_.NextDeadline();
  }

  const bgp::AdvertisedRoutes& routes() const { return routes_; }
  // The peers that this node has a session with, or dials.
  const bgp::AdvertisedRoutes::Peers& peers() const;
  // The addresses of the services that this node announces, each once.
  const std::set<net::IpAddress>& addresses() const { return addresses_; }
  // What addresses() has more or less than at the last call, and perhaps some
  // that came and went.
  absl::btree_map<net::IpAddress, bool> TakeAddressChanges() {
    return std::exchange(address_changes_, {});
  }
  // As AdvertisedRoutes::TakeChanged().
  std::map<std::string, bgp::AdvertisedRoutes::Prefixes, std::less<>>
  TakeChanged() {
    return routes_.TakeChanged();
  }
  const Plans& plans() const { return plans_; }
  // At most `count` services that this node announced when they were last taken
  // and does not now, or the other way round.
  Services TakeTurned(size_t count);
  // Plan::peers; empty: none.
  const std::vector<std::string>& PeersOf(std::string_view service) const;
  // At most `count` services whose peers are others than when they were last
  // taken, and perhaps more.
  Services TakeRepeered(size_t count);
  // There are services to take.
  bool has_news() const { return !turned_.empty() || !repeered_.empty(); }

 private:
  bool HasObjects(const config::Desired& desired) const;
  void DueAll(const config::Desired& desired);
  // The inputs of a look.
  struct Sight {
    const config::Desired& desired;
    const AddressEntries& entries;
    absl::Time now;
  };
  void LookAtFew(const Sight& sight);
  void LookAt(const std::string& service, const Sight& sight);
  // Nullopt: none of its addresses is withheld.
  std::optional<ipam::Assignment> WithoutWithheld(
      const ipam::Assignment& assignment) const;
  // Nullopt: it has no address.
  void SetPlan(const std::string& service, std::optional<Plan> plan);
  void NoteChange(const std::string& service, const Plan& before,
                  const Plan& after);
  void SetAnnounced(const std::vector<net::IpAddress>& before,
                    const std::vector<net::IpAddress>& after);

  const NodeIdentity identity_;
  std::optional<NodeAdvertisements> here_;  // Nullopt: no Desired came yet.
  bgp::AdvertisedRoutes routes_;
  Plans plans_;
  Services turned_;
  Services repeered_;
  std::set<net::IpAddress> addresses_;  // Those in plans_.
  // How many services more than one announce an address.
  std::map<net::IpAddress, size_t> sharers_;
  absl::btree_map<net::IpAddress, bool> address_changes_;
  std::set<net::IpAddress> withheld_;
  bool advertises_ = false;  // There was an advertisement at the last look.
  bool all_due_ = false;
  Services due_;
  Services few_due_;  // Before due_, unless they are more than kFew.
  bool is_urgent_ = false;
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTES_ROUTE_PLANNER_H_
