// Pool: addresses, and the services that may get them (MetalLB's
// IPAddressPool).
#ifndef LB_IPAM_POOL_H_
#define LB_IPAM_POOL_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/label_selector.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {

// Which services may have addresses of a pool. All lists empty: every service.
struct ServiceAllocation {
  // Order in which automatic assignment tries pools: 1 first, then 2, ...; 0 is
  // last. Equal priorities go by pool name.
  int priority = 0;
  // The service's namespace is listed, or its labels match a selector.
  std::vector<std::string> namespaces;
  std::vector<LabelSelector> namespace_selectors;
  // And the service's labels match one of these.
  std::vector<LabelSelector> service_selectors;

  friend bool operator==(const ServiceAllocation&,
                         const ServiceAllocation&) = default;
};

// An address that is kept for `name`, also while it is unused: for the service
// of that name, or one that asks for the reservation.
struct Reservation {
  std::string name;  // "namespace/name" of a service, or any other.
  net::IpAddress address;

  friend bool operator==(const Reservation&, const Reservation&) = default;
};

// Which of a pool's free addresses is next.
enum class AddressOrder {
  kLowest,  // The lowest of the first range that has one.
  // Unused addresses, as above; then the one that was freed first. The memory
  // of freed addresses has bounds: see PoolSpace and Record.
  kLeastRecentlyUsed,
};

inline constexpr absl::Duration kCoolDownMax = absl::Hours(24);

struct Pool {
  std::string name;
  std::vector<net::IpRange> ranges;  // As written; automatic picks go in order.
  // False: only for services that ask for the pool or for one of its addresses.
  bool auto_assign = true;
  // True: IPv4 addresses that end in .0 or .255 are not given out.
  bool avoid_buggy_ips = false;
  std::optional<ServiceAllocation> service_allocation;

  // Beyond MetalLB. Parts of `ranges` that are not given out.
  std::vector<net::IpRange> excluded = {};
  // Each of an address of `ranges`; a name has one of each family at most.
  std::vector<Reservation> reservations = {};
  // How long a freed address rests before another service may have it.
  absl::Duration cool_down = absl::ZeroDuration();
  AddressOrder order = AddressOrder::kLowest;
  // Announced on layer 2 also where a host answers for every address.
  bool announce_despite_proxy = false;

  friend bool operator==(const Pool&, const Pool&) = default;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_POOL_H_
