// LocalAddressesOf: which addresses of this host a peer can use as next hops.
// InterfacesWith: which interfaces have an address.
//
// Pure: any thread.
#ifndef LB_BGP_LOCAL_ADDRESSES_H_
#define LB_BGP_LOCAL_ADDRESSES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/bgp/next_hops.h"
#include "lb/io/link_monitor.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {

// One end of a session and the other, and the interface that it is bound to;
// empty: to none.
struct SessionEnds {
  net::IpAddress local;
  net::IpAddress remote;
  std::string_view interface;
};

// The addresses of the interface that has `ends.local`. None: no interface has
// it (any more). Addresses of services, which an AddressInstaller put there,
// do not count.
std::optional<LocalAddresses> LocalAddressesOf(
    const SessionEnds& ends, const std::vector<io::Link>& links);

// The names of the interfaces that have the address. A link-local one may be on
// several.
std::vector<std::string> InterfacesWith(const net::IpAddress& local,
                                        const std::vector<io::Link>& links);

}  // namespace lb::bgp

#endif  // LB_BGP_LOCAL_ADDRESSES_H_
