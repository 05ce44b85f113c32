// The encoder of UPDATE messages (RFC 4271 section 4.3, RFC 4760, 2545, 8950).
//
// Pure: any thread. A message either announces prefixes that share attributes
// or withdraws prefixes, never both: FRR and GoBGP end without a route that is
// withdrawn and announced in one message. No message exceeds 4,096 bytes.
//
//   absl::Span<const net::IpPrefix> rest = prefixes;
//   while (!rest.empty()) Send(wire::EncodeWithdrawal(rest));
#ifndef LB_BGP_WIRE_UPDATE_ENCODER_H_
#define LB_BGP_WIRE_UPDATE_ENCODER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "lb/bgp/asn.h"
#include "lb/bgp/path_attributes.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp::wire {

struct NextHop {
  // IPv4 or IPv6; a link-local address stands alone on a link-local session.
  net::IpAddress address;
  // Beside a global IPv6 address, for a peer on the same link (RFC 2545).
  std::optional<net::IpAddress> link_local;

  friend bool operator==(const NextHop&, const NextHop&) = default;
};

// None: routes of the family cannot be announced.
struct NextHops {
  // An IPv6 address: RFC 8950, which both sides must have offered.
  std::optional<NextHop> ipv4;
  std::optional<NextHop> ipv6;  // an IPv6 address

  const std::optional<NextHop>& of(net::IpFamily family) const {
    return family == net::IpFamily::kIpv4 ? ipv4 : ipv6;
  }

  friend bool operator==(const NextHops&, const NextHops&) = default;
};

// What all updates of a session share.
struct UpdateContext {
  Asn own_as;
  bool internal = false;      // the peer has our AS
  bool four_octet_as = true;  // both sides sent capability 65
  NextHops next_hops;

  friend bool operator==(const UpdateContext&, const UpdateContext&) = default;
};

// A message that announces as many of `prefixes` as fit, which it takes off
// their front: at least one. All are of one family, which has a next hop; their
// host bits are not sent.
std::vector<uint8_t> EncodeAnnouncement(
    const UpdateContext& context, const PathAttributes& attributes,
    absl::Span<const net::IpPrefix>& prefixes);

// The same for withdrawals: IPv4 in the field of RFC 4271, IPv6 in
// MP_UNREACH_NLRI.
std::vector<uint8_t> EncodeWithdrawal(
    absl::Span<const net::IpPrefix>& prefixes);

// RFC 4724, section 2.
std::vector<uint8_t> EncodeEndOfRib(net::IpFamily family);

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_UPDATE_ENCODER_H_
