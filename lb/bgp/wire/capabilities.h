// Capabilities: what a speaker offers in its OPEN (RFC 5492).
//
// Values and pure functions: any thread. Only what lb/bgp acts on is here; all
// other capabilities are skipped.
#ifndef LB_BGP_WIRE_CAPABILITIES_H_
#define LB_BGP_WIRE_CAPABILITIES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "lb/bgp/asn.h"
#include "lb/bgp/wire/notification.h"
#include "lb/net/ip_families.h"

namespace lb::bgp::wire {

// RFC 4724 and 8538. With the default a speaker promises an End-of-RIB and no
// more.
struct GracefulRestart {
  static constexpr uint16_t kSecondsMax = 4095;  // 12 bits

  bool restarted = false;     // R
  bool notification = false;  // N
  uint16_t seconds = 0;
  net::IpFamilies families;
  net::IpFamilies forwarding_kept;  // F; part of `families`

  friend bool operator==(const GracefulRestart&,
                         const GracefulRestart&) = default;
};

struct Capabilities {
  // A peer that sends capability 1 for no family at all means IPv4.
  bool multiprotocol = false;
  // Unicast; what capability 1 says. families_meant() has what it means.
  net::IpFamilies families;
  bool route_refresh = false;          // 2
  bool ipv4_by_ipv6_next_hop = false;  // 5, RFC 8950, for IPv4 unicast
  bool extended_message = false;       // 6; never sent
  std::optional<GracefulRestart> graceful_restart;  // 64
  std::optional<Asn> asn;                           // 65
  bool enhanced_route_refresh = false;              // 70, RFC 7313

  net::IpFamilies families_meant() const {
    return multiprotocol ? families : net::IpFamilies{.ipv4 = true};
  }

  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// The values of one or more capabilities, each {code, length, value}, as they
// stand in an optional parameter of type 2. For a 2/7 too: what is wanted.
std::vector<uint8_t> EncodeCapabilities(const Capabilities& capabilities);

// Adds what a parameter of type 2 says. An unknown capability is skipped. A
// repeated one adds its families to those before, or the last one counts. A
// Notification 2/0: a length is wrong.
std::optional<Notification> AddCapabilities(absl::Span<const uint8_t> value,
                                            Capabilities& capabilities);

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_CAPABILITIES_H_
