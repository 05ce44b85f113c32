// What RFC 7606 says of one path attribute that a peer sent.
//
// Pure: any thread. MP_REACH_NLRI and MP_UNREACH_NLRI are judged by their flags
// only: ParseUpdate() reads their prefixes.
#ifndef LB_BGP_WIRE_ATTRIBUTE_RULES_H_
#define LB_BGP_WIRE_ATTRIBUTE_RULES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "lb/bgp/wire/notification.h"
#include "lb/bgp/wire/update_parser.h"

namespace lb::bgp::wire {

struct Attribute {
  uint8_t flags = 0;
  uint8_t type = 0;
  absl::Span<const uint8_t> value;
  absl::Span<const uint8_t> whole;  // with flags, type and length
};

struct AttributeFault {
  UpdateVerdict verdict{};
  UpdateSubcode subcode{};  // if the session has to be reset after all
  std::string text;         // "ORIGIN: 2 bytes, want 1"
};

// None: the attribute is fine, or it is optional and unknown.
std::optional<AttributeFault> Judge(const Attribute& attribute,
                                    const ParseContext& context);

// True if RFC 4271 makes every speaker know it: a type that is neither optional
// nor known resets the session.
bool IsUnknownWellKnown(const Attribute& attribute);

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_ATTRIBUTE_RULES_H_
