// Open: the first message of a session (RFC 4271 section 4.2, RFC 9072).
//
// Pure: any thread. The parser judges the bytes. Whether the AS, the identifier
// and the hold time suit is the session's to say, by its configuration.
//
//   const wire::Result<wire::Open> open = wire::ParseOpen(message.body());
#ifndef LB_BGP_WIRE_OPEN_CODEC_H_
#define LB_BGP_WIRE_OPEN_CODEC_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "lb/bgp/asn.h"
#include "lb/bgp/wire/capabilities.h"
#include "lb/bgp/wire/notification.h"

namespace lb::bgp::wire {

inline constexpr uint8_t kBgpVersion = 4;

struct Open {
  // The field of two octets. EncodeOpen's caller gives AsField(own AS).
  uint16_t as_field = 0;
  uint16_t hold_seconds = 0;
  uint32_t identifier = 0;
  // None: the message has no optional parameter at all.
  std::optional<Capabilities> capabilities;

  // Capability 65 counts, the field only without it (RFC 6793).
  Asn asn() const;
  bool four_octet_as() const;
  // The families that the speaker takes; IPv4 without capabilities.
  net::IpFamilies families() const;

  friend bool operator==(const Open&, const Open&) = default;
};

// The number itself, or AS_TRANS if it does not fit.
uint16_t AsField(Asn asn);

// A whole message, with one optional parameter of all capabilities.
std::vector<uint8_t> EncodeOpen(const Open& open);

// From the body of a message of type OPEN. Takes one parameter with many
// capabilities, many with one each, and extended lengths. Faults: 2/1 with the
// version we know; 2/4 with the parameter that is unknown; 2/0 for a length
// that is wrong.
Result<Open> ParseOpen(absl::Span<const uint8_t> body);

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_OPEN_CODEC_H_
