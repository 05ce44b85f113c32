// Spare addresses: those that no host can have, as far as this node knows.
//
// Pure. For questions to which only a proxy has an answer (lb/announce,
// proxy_check.h).
#ifndef LB_DAEMON_HOSTS_SPARE_ADDRESS_H_
#define LB_DAEMON_HOSTS_SPARE_ADDRESS_H_

#include <vector>

#include "daemon/hosts/owned_addresses.h"
#include "lb/ipam/pool.h"
#include "lb/net/ip_address.h"

namespace lb {

// True if the address is in no pool, and no host of the cluster has it.
bool IsSpare(const net::IpAddress& address,
             const std::vector<ipam::Pool>& pools, const OwnedAddresses& owned);

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_SPARE_ADDRESS_H_
