// LocalAddresses: the addresses of ours that a peer can use as next hops.
// NextHopsFor: which of them it is told.
//
// Pure functions: any thread.
#ifndef LB_BGP_NEXT_HOPS_H_
#define LB_BGP_NEXT_HOPS_H_

#include <optional>

#include "lb/bgp/open_terms.h"
#include "lb/bgp/wire/update_encoder.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {

struct LocalAddresses {
  // Our end of the TCP connection.
  net::IpAddress session;
  // The lowest ones of the interface that has it.
  std::optional<net::IpAddress> ipv4;
  std::optional<net::IpAddress> ipv6;  // Global.
  std::optional<net::IpAddress> link_local;
  // The peer's address is in a prefix of the interface.
  bool peer_on_link = false;

  friend bool operator==(const LocalAddresses&,
                         const LocalAddresses&) = default;
};

// IPv4 routes have the session's address, or on a session of IPv6 an IPv6
// address if both sides offered RFC 8950, else the interface's IPv4 address.
// IPv6 routes have a global address, and the link-local one beside it if the
// peer is on the link (RFC 2545); a session between link-local addresses on an
// interface without a global one has the link-local one alone. None: there is
// no such address, and routes of the family cannot be announced.
wire::NextHops NextHopsFor(const LocalAddresses& local,
                           const Agreement& agreement);

}  // namespace lb::bgp

#endif  // LB_BGP_NEXT_HOPS_H_
