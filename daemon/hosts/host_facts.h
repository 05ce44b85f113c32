// HostFacts: what a node tells the others of its host.
//
// The addresses that the host owns, its routers, and which addresses the node
// withholds. Gossip metadata is too small for them: it carries their digest
// only, and the facts travel in messages of their own (facts_table.h).
//
// What is not the host's own: addresses that carry lbd's mark (io::Link leaves
// these out), those on kube-ipvs* (kube-proxy puts services' addresses there),
// loopback (127.0.0.0/8, ::1) and IPv6 link-local addresses.
//
// Values and pure functions.
#ifndef LB_DAEMON_HOSTS_HOST_FACTS_H_
#define LB_DAEMON_HOSTS_HOST_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "daemon/hosts/withheld_facts.h"
#include "lb/io/link_monitor.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb {

// Bounds of one host's facts. Further ones are left out, and a flag says so.
inline constexpr size_t kHostAddressesMax = 256;
inline constexpr size_t kHostRoutersMax = 64;
// The maximum of SerializeHostFacts(), with some room for later versions.
inline constexpr size_t kHostFactsSizeMax = 8192;

struct HostAddress {
  net::IpPrefix prefix;  // The address, and the network it is in.
  // May be a service's address that an operator put there by hand: the node
  // delivers nothing itself, and the address is alone (/32, /128) on an
  // interface that cannot announce, such as lo or dummy0.
  bool by_hand = false;

  friend auto operator<=>(const HostAddress&, const HostAddress&) = default;
};

struct HostFacts {
  std::vector<HostAddress> addresses;
  std::vector<net::IpAddress> routers;  // Next hops of its routes.
  bool complete = true;  // No address and no router was left out.
  WithheldFacts withheld = {};

  friend bool operator==(const HostFacts&, const HostFacts&) = default;
};

// The addresses of these links that are the host's own, sorted, none twice.
// `delivers`: the node itself puts services' addresses on "lo".
std::vector<HostAddress> OwnAddressesOf(absl::Span<const io::Link> links,
                                        bool delivers);

// Leaves out what is beyond the bounds: addresses that may be there by hand
// first.
void BoundHostFacts(HostFacts* facts);

// Numbers big-endian:
//
//   facts     = flags(1) count(2) address* count(1) router* extension*
//   flags     = 1 something is left out
//   address   = flags(1) length(1) 4 or 16 bytes       flags 1 IPv6 | 2 by hand
//   router    = flags(1) 4 or 16 bytes                 flags 1 IPv6
//   extension = type(1) size(2) bytes        type 1: withheld_facts.h; another
//                                            type, a later version's, is
//                                            skipped
//
// REQUIRES: within the bounds.
std::string SerializeHostFacts(const HostFacts& facts);

// InvalidArgument: damaged, or out of bounds.
absl::StatusOr<HostFacts> ParseHostFacts(std::string_view bytes);

// The first 8 bytes of the SHA-256 of the serialized facts.
uint64_t DigestOfFacts(std::string_view bytes);

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_HOST_FACTS_H_
