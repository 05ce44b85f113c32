#include "lb/bgp/advertisements/advertisement.h"

#include <algorithm>
#include <string>

#include "fmt/format.h"
#include "lb/bgp/path_attributes.h"
#include "lb/bgp/route.h"

namespace lb::bgp {
namespace {

uint32_t PreferenceOf(const Advertisement& advertisement) {
  return advertisement.local_preference.value_or(
      PathAttributes::kLocalPreferenceDefault);
}

bool SharePeer(const Advertisement& a, const Advertisement& b) {
  if (a.peers.empty() || b.peers.empty()) return true;
  return std::any_of(
      a.peers.begin(), a.peers.end(),
      [&](const std::string& peer) { return b.peers.contains(peer); });
}

}  // namespace

net::IpPrefix PrefixOf(const Advertisement& advertisement,
                       const net::IpAddress& address) {
  return NetworkOf({address, address.is_ipv4()
                                 ? advertisement.aggregation_length
                                 : advertisement.aggregation_length_v6});
}

std::string FindConflict(const Advertisements& advertisements,
                         const net::IpAddress& address) {
  for (auto a = advertisements.begin(); a != advertisements.end(); ++a) {
    for (auto b = a + 1; b != advertisements.end(); ++b) {
      if (PreferenceOf(**a) == PreferenceOf(**b) || !SharePeer(**a, **b) ||
          PrefixOf(**a, address) != PrefixOf(**b, address)) {
        continue;
      }
      return fmt::format("{} gives local-preference {}, {} {}, want the same",
                         (*a)->name, PreferenceOf(**a), (*b)->name,
                         PreferenceOf(**b));
    }
  }
  return "";
}

}  // namespace lb::bgp
