// The parser of UPDATE messages that a peer sends.
//
// Pure: any thread. A speaker that only announces keeps no route, so the parser
// counts prefixes and judges the message by RFC 7606: most faults of a peer
// concern one route, and the session stays.
//
//   const wire::Result<wire::ReceivedUpdate> update =
//       wire::ParseUpdate(message.body(), {.four_octet_as = true});
#ifndef LB_BGP_WIRE_UPDATE_PARSER_H_
#define LB_BGP_WIRE_UPDATE_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "lb/bgp/wire/notification.h"
#include "lb/net/ip_address.h"

namespace lb::bgp::wire {

// RFC 7606, section 2, from the mildest to the gravest that keeps the session.
enum class UpdateVerdict : uint8_t {
  kFine,
  kAttributeDiscard,  // a receiver would ignore an attribute
  kTreatAsWithdraw,   // a receiver would take the announced as withdrawn
};

struct PrefixCount {
  size_t announced = 0;
  size_t withdrawn = 0;

  friend bool operator==(const PrefixCount&, const PrefixCount&) = default;
};

struct ReceivedUpdate {
  PrefixCount ipv4;
  PrefixCount ipv6;
  std::optional<net::IpFamily> end_of_rib;
  UpdateVerdict verdict = UpdateVerdict::kFine;
  // What the peer did wrong, first of the gravest: "ORIGIN: 2 bytes, want 1".
  std::string fault;

  PrefixCount& of(net::IpFamily family) {
    return family == net::IpFamily::kIpv4 ? ipv4 : ipv6;
  }
};

struct ParseContext {
  bool internal = false;       // the peer has our AS
  bool four_octet_as = false;  // both sides sent capability 65
};

// From the body of a message of type UPDATE: at least four bytes. A
// Notification only where RFC 7606 keeps the reset of the session: 3/1 for
// lengths that contradict each other and for a repeated MP_REACH_NLRI or
// MP_UNREACH_NLRI, 3/9 with the attribute for one of these that cannot be read,
// 3/10 for prefixes that cannot be read.
Result<ReceivedUpdate> ParseUpdate(absl::Span<const uint8_t> body,
                                   const ParseContext& context);

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_UPDATE_PARSER_H_
