// Collision: which of two connections to one peer is kept (RFC 4271, section
// 6.8; RFC 6286, section 2.3).
//
// Pure. Both ends decide alike without a word: the connection is kept that the
// end with the larger identifier dialled.
#ifndef LB_BGP_COLLISION_H_
#define LB_BGP_COLLISION_H_

#include <compare>
#include <cstdint>

#include "lb/bgp/asn.h"

namespace lb::bgp {

// A session may have two connections at once, by the end that opened each.
enum class Side : uint8_t {
  kDialled,   // We did.
  kAccepted,  // The peer did.
};

constexpr Side OtherSide(Side side) {
  return side == Side::kDialled ? Side::kAccepted : Side::kDialled;
}

// One end of a connection. Identifiers are compared first; two external peers
// may have the same, and then the AS decides.
struct SpeakerIdentity {
  uint32_t identifier = 0;
  Asn asn;

  friend constexpr auto operator<=>(const SpeakerIdentity&,
                                    const SpeakerIdentity&) = default;
};

constexpr Side Survivor(const SpeakerIdentity& ours,
                        const SpeakerIdentity& theirs) {
  return ours > theirs ? Side::kDialled : Side::kAccepted;
}

}  // namespace lb::bgp

#endif  // LB_BGP_COLLISION_H_
