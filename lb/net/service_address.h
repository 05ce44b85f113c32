// Service addresses: says which addresses no service can have, by the
// standards.
//
// Hosts and routers treat these addresses in a special way, so no client would
// reach a service there. Pure.
//
//   WhyNoServiceAddress(*ParseIpRange("127.0.0.0/8"));
//   // "127.0.0.0-127.255.255.255 is loopback"
#ifndef LB_NET_SERVICE_ADDRESS_H_
#define LB_NET_SERVICE_ADDRESS_H_

#include <string>

#include "lb/net/ip_range.h"

namespace lb::net {

// The first part of `range` that no service can have, and its kind:
// unspecified, loopback, link-local, multicast, limited broadcast or, in IPv6,
// mapped IPv4. Empty: a service can have every address.
std::string WhyNoServiceAddress(const IpRange& range);

}  // namespace lb::net

#endif  // LB_NET_SERVICE_ADDRESS_H_
