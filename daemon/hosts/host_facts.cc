#include "daemon/hosts/host_facts.h"

#include <algorithm>

namespace lb {
namespace {

// Where kube-proxy in IPVS mode puts the addresses of services.
constexpr std::string_view kKubeProxyLinks = "kube-ipvs";

bool IsOwn(const io::Link& link, const net::IpAddress& address) {
  if (link.name.starts_with(kKubeProxyLinks)) return false;
  if (address.is_unspecified() || address.is_loopback()) return false;
  return address.is_ipv4() || !address.is_link_local();
}

}  // namespace

std::vector<HostAddress> OwnAddressesOf(absl::Span<const io::Link> links,
                                        bool delivers) {
  std::vector<HostAddress> own;
  for (const io::Link& link : links) {
    const bool can_announce = link.broadcast && !link.noarp && !link.loopback;
    for (const net::IpPrefix& prefix : link.addresses) {
      if (!IsOwn(link, prefix.address)) continue;
      const bool is_alone =
          prefix.length == net::BitCount(prefix.address.family());
      own.push_back({prefix, !delivers && !can_announce && is_alone});
    }
  }
  std::sort(own.begin(), own.end());
  own.erase(std::unique(own.begin(), own.end()), own.end());
  return own;
}

void BoundHostFacts(HostFacts* facts) {
  std::vector<HostAddress>& addresses = facts->addresses;
  if (addresses.size() > kHostAddressesMax) {
    std::stable_partition(addresses.begin(), addresses.end(),
                          [](const HostAddress& a) { return !a.by_hand; });
    addresses.resize(kHostAddressesMax);
    facts->complete = false;
  }
  if (facts->routers.size() > kHostRoutersMax) {
    facts->routers.resize(kHostRoutersMax);
    facts->complete = false;
  }
  BoundWithheldFacts(&facts->withheld);
}

}  // namespace lb
