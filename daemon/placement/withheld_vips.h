// WithheldVips: addresses that no node may announce because a host has
// them, each with its owner for the text "ADDRESS is OWNER".
//
//   const auto change = withheld.Set({{*net::ParseIpAddress("192.0.2.7"),
//                                      "n1's own"}});
//   withheld.Apply(entries, placement);
//
// Pure state, loop thread only.
#ifndef LB_DAEMON_PLACEMENT_WITHHELD_VIPS_H_
#define LB_DAEMON_PLACEMENT_WITHHELD_VIPS_H_

#include <map>
#include <string>
#include <vector>

#include "daemon/placement/placement.h"
#include "lb/net/ip_address.h"

namespace lb {

class WithheldVips {
 public:
  struct Change {
    std::vector<net::IpAddress> begun;      // They were not withheld before.
    std::vector<net::IpAddress> concerned;  // Before or now; may repeat.
  };

  // Both lists are empty if nothing is other than before.
  Change Set(std::map<net::IpAddress, std::string> withheld);
  bool Contains(const net::IpAddress& address) const {
    return owners_.contains(address);
  }
  // Places those services nowhere whose addresses are all withheld.
  void Apply(const AddressEntries& entries, Placement& placement) const;

 private:
  std::map<net::IpAddress, std::string> owners_;
};

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_WITHHELD_VIPS_H_
