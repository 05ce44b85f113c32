// NdpMessage: what all messages of Neighbour Discovery share: the IPv6 packet
// around, its checks, and the options with a link-layer address.
//
// Private to the codecs: ndp.h and router_discovery.h. Sources: RFC 4861,
// sections 4.6, 6.1 and 7.1; RFC 8200, section 3; RFC 6980.
//
//   LB_ASSIGN_OR_RETURN(const NdpMessage message,
//                       ParseNdpMessage(frame.payload));
//   LB_RETURN_IF_ERROR(CheckNdpMessage(message, /*size_min=*/24));
#ifndef LB_NET_NDP_MESSAGE_H_
#define LB_NET_NDP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::net {

inline constexpr uint8_t kOptionSourceMac = 1;  // RFC 4861, section 4.6.1.
inline constexpr uint8_t kOptionTargetMac = 2;

struct NdpMessage {
  IpAddress source;
  IpAddress destination;
  absl::Span<const uint8_t> bytes;  // From the type on. May be empty.

  // 0 if there is none.
  uint8_t type() const { return bytes.empty() ? 0 : bytes[0]; }
};

// InvalidArgument: "ndp: WHAT".
absl::Status NdpFault(std::string_view what);

// Reads the IPv6 header. InvalidArgument names the field that is wrong: the hop
// limit is 255, so that the packet came from this link. Unimplemented: another
// protocol.
absl::StatusOr<NdpMessage> ParseNdpMessage(absl::Span<const uint8_t> payload);

// InvalidArgument: it is shorter, its checksum does not match, or its code is
// not 0.
absl::Status CheckNdpMessage(const NdpMessage& message, size_t size_min);

// No host on a link has a mapped IPv4 address, and it would compare as IPv4.
absl::StatusOr<IpAddress> ReadNdpAddress(ByteReader& in,
                                         std::string_view field);

// Reads the options to the end. Returns the link-layer address of the first
// option of type `wanted`.
absl::StatusOr<std::optional<MacAddress>> ReadNdpOptions(ByteReader& in,
                                                         uint8_t wanted);

void WriteMacOption(ByteWriter& out, uint8_t type,
                    const std::optional<MacAddress>& mac);

// The IPv6 packet, with the checksum. `bytes` have zero in its place. REQUIRES:
// the addresses are IPv6, `bytes` are 4 at least.
std::vector<uint8_t> SerializeNdpMessage(const IpAddress& source,
                                         const IpAddress& destination,
                                         std::vector<uint8_t> bytes);

}  // namespace lb::net

#endif  // LB_NET_NDP_MESSAGE_H_
