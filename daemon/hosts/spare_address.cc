#include "daemon/hosts/spare_address.h"

namespace lb {

bool IsSpare(const net::IpAddress& address,
             const std::vector<ipam::Pool>& pools,
             const OwnedAddresses& owned) {
  for (const ipam::Pool& pool : pools) {
    for (const net::IpRange& range : pool.ranges) {
      if (range.Contains(address)) return false;
    }
  }
  return !owned.contains(address);
}

}  // namespace lb
