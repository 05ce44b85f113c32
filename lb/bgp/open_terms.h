// OpenTerms: the OPEN that we send, and what it and the peer's OPEN settle.
//
// Pure functions: any thread. The checks of the peer's OPEN that need its
// configuration are here, in the order of RFC 4271, section 6.2; those of its
// bytes are in lb/bgp/wire/open_codec.h.
#ifndef LB_BGP_OPEN_TERMS_H_
#define LB_BGP_OPEN_TERMS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "lb/bgp/asn.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/wire/notification.h"
#include "lb/bgp/wire/open_codec.h"
#include "lb/net/ip_families.h"

namespace lb::bgp {

// What the OPEN says of our own restart (RFC 4724, section 4.1).
struct RestartClaim {
  bool restarted = false;
  // Packets to the announced addresses were forwarded all the time.
  bool forwarding_kept = false;
};

enum class CapabilityUse : uint8_t {
  kOffer,
  // None at all, for a peer that answered 2/4: IPv4, and an AS of two octets.
  kPlain,
};

struct OpenTerms {
  uint32_t identifier = 0;
  RestartClaim restart;
  CapabilityUse capabilities = CapabilityUse::kOffer;
};

wire::Open OpenFor(const PeerOptions& options, const OpenTerms& terms);

// What two OPENs settle.
struct Agreement {
  Asn peer_asn;
  uint32_t peer_identifier = 0;
  bool internal = false;  // The peer has our AS.
  bool four_octet_as = false;
  bool ipv4_by_ipv6_next_hop = false;  // RFC 8950
  bool enhanced_refresh = false;       // RFC 7313
  bool graceful_restart = false;       // Both sides named a family.
  net::IpFamilies families;
  absl::Duration hold_time;       // Zero: no timer.
  absl::Duration keepalive_time;  // Zero: none are sent.
};

// A Notification: the OPEN is refused with 2/2, 2/3, 2/6 or 2/7.
wire::Result<Agreement> Judge(const PeerOptions& options,
                              const wire::Open& ours, const wire::Open& theirs);

}  // namespace lb::bgp

#endif  // LB_BGP_OPEN_TERMS_H_
