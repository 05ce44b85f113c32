#include "daemon/agent/spare_address.h"

namespace lb {

bool IsSpare(const net::IpAddress& address,
             const std::vector<ipam::Pool>& pools,
             const std::vector<io::Link>& links,
             const std::vector<gossip::Member>& members) {
  for (const ipam::Pool& pool : pools) {
    for (const net::IpRange& range : pool.ranges) {
      if (range.Contains(address)) return false;
    }
  }
  for (const io::Link& link : links) {
    for (const net::IpPrefix& prefix : link.addresses) {
      if (prefix.address == address) return false;
    }
  }
  for (const gossip::Member& member : members) {
    if (member.endpoint.address == address) return false;
  }
  return true;
}

}  // namespace lb
