// Elected: the addresses that this node has to announce, and those that other
// nodes announce, by the outcome of elections.
//
// A value, and the difference between two of them: the cost of a changed
// service depends on its own addresses, not on all. Pure.
//
//   const ElectedPlaces places({node, entries, placement, ...});
//   Elected all = places.All();
//   // Later, services have changed: of each address that they have or had.
//   change[address] = places.At(address, services);
#ifndef LB_DAEMON_ANNOUNCING_ELECTED_H_
#define LB_DAEMON_ANNOUNCING_ELECTED_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "daemon/placement/placement.h"
#include "lb/announce/announcement_plan.h"
#include "lb/ipam/pool.h"
#include "lb/net/ip_address.h"

namespace lb {

struct Elected {
  announce::Announcements here;        // No Role::kHandOver.
  std::set<net::IpAddress> elsewhere;  // By other nodes that are up.

  friend bool operator==(const Elected&, const Elected&) = default;
};

// The part of Elected for one address.
struct ElectedPlace {
  std::optional<announce::Terms> here;
  bool elsewhere = false;

  friend bool operator==(const ElectedPlace&, const ElectedPlace&) = default;
};

using ElectedChange = absl::btree_map<net::IpAddress, ElectedPlace>;

// Returns the addresses that differ between the two, with their values in
// `now`.
ElectedChange DifferenceOf(const Elected& before, const Elected& now);

// Returns the names of pools whose addresses are announced although a host
// answers for every address.
std::set<std::string, std::less<>> DespiteProxy(
    const std::vector<ipam::Pool>& pools);

// Turns the outcome of elections into the work of this node.
class ElectedPlaces {
 public:
  // All of these outlive the object.
  struct Inputs {
    const std::string& node;  // This one.
    const AddressEntries& entries;
    const Placement& placement;
    const std::vector<ipam::Pool>& pools;
    // Addresses that hosts have.
    const std::map<net::IpAddress, absl::Time>& withheld;
    const std::set<net::IpAddress>& probed;  // To be probed for first.
  };
  explicit ElectedPlaces(const Inputs& inputs);

  Elected All() const;
  // `services` has all services with the address.
  ElectedPlace At(const net::IpAddress& address,
                  const std::set<std::string, std::less<>>& services) const;

 private:
  const Inputs inputs_;
  const std::set<std::string, std::less<>> despite_proxy_;  // Pools.
};

}  // namespace lb

#endif  // LB_DAEMON_ANNOUNCING_ELECTED_H_
