// Advertisement: how the routes of services are announced, and to which peers.
//
// MetalLB's BGPAdvertisement with everything resolved that it selects: the
// caller knows which pools, services and nodes it is for.
//
// Values and pure functions; any thread.
//
//   const Advertisement rack = {.name = "rack", .aggregation_length = 24};
//   PrefixOf(rack, *net::ParseIpAddress("192.0.2.10"));  // 192.0.2.0/24
#ifndef LB_BGP_ADVERTISEMENTS_ADVERTISEMENT_H_
#define LB_BGP_ADVERTISEMENTS_ADVERTISEMENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/bgp/community.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {

struct Advertisement {
  std::string name;
  int aggregation_length = 32;
  int aggregation_length_v6 = 128;
  std::set<std::string, std::less<>> peers = {};  // Empty: every peer.
  // As PathAttributes has them.
  std::optional<uint32_t> local_preference = {};
  std::optional<uint32_t> med = {};
  int prepends = 0;
  std::vector<Community> communities = {};
  std::vector<LargeCommunity> large_communities = {};
  // Its routes tell a bandwidth that goes with the local endpoints.
  bool link_bandwidth = false;
  // Its routes stay so long after a service has lost its endpoints.
  absl::Duration withdraw_hold = {};

  bool IsFor(std::string_view peer) const {
    return peers.empty() || peers.contains(peer);
  }

  friend bool operator==(const Advertisement&, const Advertisement&) = default;
};

// Many services share one.
using Advertisements = std::vector<std::shared_ptr<const Advertisement>>;

// The address, or the aggregate that has it.
net::IpPrefix PrefixOf(const Advertisement& advertisement,
                       const net::IpAddress& address);

// Two advertisements that give one prefix to one peer different preferences:
// "a gives local-preference 100, b 200, want the same". Empty: there are none.
std::string FindConflict(const Advertisements& advertisements,
                         const net::IpAddress& address);

}  // namespace lb::bgp

#endif  // LB_BGP_ADVERTISEMENTS_ADVERTISEMENT_H_
