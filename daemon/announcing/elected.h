// Elected: what elections ask of this node on the wire, address by address.
//
// A value, and what differs between two of them, so that one service that
// changes costs what its addresses cost and not what all do. Pure.
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

// What elections ask for one address.
struct ElectedPlace {
  std::optional<announce::Terms> here;
  bool elsewhere = false;

  friend bool operator==(const ElectedPlace&, const ElectedPlace&) = default;
};

using ElectedChange = absl::btree_map<net::IpAddress, ElectedPlace>;

// Addresses of which the two differ, as `now` has them.
ElectedChange DifferenceOf(const Elected& before, const Elected& now);

// Names of those that are announced although a host answers for every address.
std::set<std::string, std::less<>> DespiteProxy(
    const std::vector<ipam::Pool>& pools);

// From elections' outcome to what this node has to do.
class ElectedPlaces {
 public:
  // All outlive it.
  struct Inputs {
    const std::string& node;  // This one.
    const AddressEntries& entries;
    const Placement& placement;
    const std::vector<ipam::Pool>& pools;
    // Hosts have them.
    const std::map<net::IpAddress, absl::Time>& withheld;
    const std::set<net::IpAddress>& probed;  // To be probed for first.
  };
  explicit ElectedPlaces(const Inputs& inputs);

  Elected All() const;
  // `services`: all that have the address.
  ElectedPlace At(const net::IpAddress& address,
                  const std::set<std::string, std::less<>>& services) const;

 private:
  const Inputs inputs_;
  const std::set<std::string, std::less<>> despite_proxy_;  // Pools.
};

}  // namespace lb

#endif  // LB_DAEMON_ANNOUNCING_ELECTED_H_
