// Message: the header that all BGP messages have (RFC 4271, section 4.1).
//
// Pure: any thread. The bytes of a Message belong to the framer or to the
// caller.
//
//   const std::vector<uint8_t> alive = wire::EncodeKeepalive();
#ifndef LB_BGP_WIRE_MESSAGE_H_
#define LB_BGP_WIRE_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "lb/net/ip_address.h"

namespace lb::bgp::wire {

inline constexpr size_t kMarkerSize = 16;
inline constexpr size_t kHeaderSize = 19;
// A speaker that does not announce capability 6 (RFC 8654) takes no more.
inline constexpr size_t kMessageSizeMax = 4096;

enum class MessageType : uint8_t {
  kOpen = 1,
  kUpdate = 2,
  kNotification = 3,
  kKeepalive = 4,
  kRouteRefresh = 5,
};

// A whole message, as it came: its length field is bytes.size().
struct Message {
  MessageType type{};
  absl::Span<const uint8_t> bytes;

  absl::Span<const uint8_t> body() const { return bytes.subspan(kHeaderSize); }
};

// AFI and SAFI of RFC 4760, as numbers: a peer may name families we lack.
struct AddressFamily {
  uint16_t afi = 0;
  uint8_t safi = 0;

  friend bool operator==(const AddressFamily&, const AddressFamily&) = default;
};

inline constexpr uint8_t kSafiUnicast = 1;

// Unicast of `family`.
AddressFamily UnicastOf(net::IpFamily family);

// None for what is not unicast of IPv4 or IPv6.
std::optional<net::IpFamily> FamilyOfUnicast(const AddressFamily& family);

// A message of `type` with `body`, which has at most kMessageSizeMax -
// kHeaderSize bytes.
std::vector<uint8_t> EncodeMessage(MessageType type,
                                   absl::Span<const uint8_t> body);

std::vector<uint8_t> EncodeKeepalive();

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_MESSAGE_H_
