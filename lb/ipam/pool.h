// Pool: addresses to give out, and to whom (MetalLB's IPAddressPool).
#ifndef LB_IPAM_POOL_H_
#define LB_IPAM_POOL_H_

#include <optional>
#include <string>
#include <vector>

#include "lb/base/label_selector.h"
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

struct Pool {
  std::string name;
  std::vector<net::IpRange> ranges;  // As written; automatic picks go in order.
  // False: only for services that ask for the pool or for one of its addresses.
  bool auto_assign = true;
  // True: IPv4 addresses that end in .0 or .255 are not given out.
  bool avoid_buggy_ips = false;
  std::optional<ServiceAllocation> service_allocation;

  friend bool operator==(const Pool&, const Pool&) = default;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_POOL_H_
