// The numbers of path attributes and their flags (RFC 4271, section 4.3).
//
// For the encoder and the parser of UPDATE messages.
#ifndef LB_BGP_WIRE_ATTRIBUTE_TYPE_H_
#define LB_BGP_WIRE_ATTRIBUTE_TYPE_H_

#include <cstddef>
#include <cstdint>

namespace lb::bgp::wire {

enum class AttributeType : uint8_t {
  kOrigin = 1,
  kAsPath = 2,
  kNextHop = 3,
  kMed = 4,
  kLocalPref = 5,
  kAtomicAggregate = 6,
  kAggregator = 7,
  kCommunities = 8,
  kOriginatorId = 9,  // RFC 4456
  kClusterList = 10,  // RFC 4456
  kMpReach = 14,      // RFC 4760
  kMpUnreach = 15,    // RFC 4760
  kExtendedCommunities = 16,
  kAs4Path = 17,                  // RFC 6793
  kAs4Aggregator = 18,            // RFC 6793
  kIpv6ExtendedCommunities = 25,  // RFC 5701
  kLargeCommunities = 32,         // RFC 8092
  kOnlyToCustomer = 35,           // RFC 9234
};

inline constexpr uint8_t kOptionalFlag = 0x80;
inline constexpr uint8_t kTransitiveFlag = 0x40;
inline constexpr uint8_t kPartialFlag = 0x20;
inline constexpr uint8_t kExtendedLengthFlag = 0x10;

// What the specification of an attribute gives it.
inline constexpr uint8_t kWellKnown = kTransitiveFlag;
inline constexpr uint8_t kOptionalNonTransitive = kOptionalFlag;
inline constexpr uint8_t kOptionalTransitive = kOptionalFlag | kTransitiveFlag;

// Segments of an AS_PATH.
inline constexpr uint8_t kAsSequence = 2;

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_ATTRIBUTE_TYPE_H_
