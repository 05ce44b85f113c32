// TakenAddresses: addresses that are no service's to have, and whose they are.
//
// A host's own, a router's, a subnet's network or broadcast address. Pools may
// cover some; none is given out. A plain value.
#ifndef LB_IPAM_TAKEN_ADDRESSES_H_
#define LB_IPAM_TAKEN_ADDRESSES_H_

#include <map>
#include <string>

#include "lb/net/ip_address.h"

namespace lb::ipam {

// The text completes "172.18.8.11 is ...": "n1's own".
using TakenAddresses = std::map<net::IpAddress, std::string>;

}  // namespace lb::ipam

#endif  // LB_IPAM_TAKEN_ADDRESSES_H_
