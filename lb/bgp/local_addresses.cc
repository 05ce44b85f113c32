#include "lb/bgp/local_addresses.h"

#include <algorithm>

#include "lb/net/ip_prefix.h"

namespace lb::bgp {
namespace {

bool Has(const io::Link& link, const net::IpAddress& address) {
  return std::any_of(
      link.addresses.begin(), link.addresses.end(),
      [&](const net::IpPrefix& own) { return own.address == address; });
}

// The addresses of a link are sorted: the first one is the lowest.
void Note(const net::IpAddress& address, LocalAddresses& local) {
  if (address.is_loopback()) return;
  std::optional<net::IpAddress>& place = address.is_ipv4() ? local.ipv4
                                         : address.is_link_local()
                                             ? local.link_local
                                             : local.ipv6;
  if (!place) place = address;
}

}  // namespace

std::optional<LocalAddresses> LocalAddressesOf(
    const SessionEnds& ends, const std::vector<io::Link>& links) {
  for (const io::Link& link : links) {
    // A link-local address may be on several interfaces.
    if (!ends.interface.empty() && link.name != ends.interface) continue;
    if (!Has(link, ends.local)) continue;
    LocalAddresses local = {.session = ends.local};
    for (const net::IpPrefix& own : link.addresses) {
      Note(own.address, local);
      local.peer_on_link = local.peer_on_link || own.Contains(ends.remote);
    }
    return local;
  }
  return std::nullopt;
}

std::vector<std::string> InterfacesWith(const net::IpAddress& local,
                                        const std::vector<io::Link>& links) {
  std::vector<std::string> names;
  for (const io::Link& link : links) {
    if (Has(link, local)) names.push_back(link.name);
  }
  return names;
}

}  // namespace lb::bgp
