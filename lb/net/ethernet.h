// Ethernet II frames: header and payload (IEEE 802.3, RFC 894, RFC 2464).
//
// A frame is as a FramePort gives it: it begins with the destination address
// and has no frame check sequence. Frames of a VLAN (802.1Q, 802.1ad) are
// refused by name: such a frame belongs to the VLAN's own interface, and to
// read on behind the tag would answer into the wrong network. A tag with VLAN
// ID 0 has a priority and names no VLAN (IEEE 802.1Q: priority-tagged), so it
// is skipped, as Linux skips it: the frame belongs to the interface that it
// came in on.
//
//   LB_ASSIGN_OR_RETURN(const EthernetFrame frame, ParseEthernet(bytes));
//   if (frame.header.ether_type == kEtherTypeArp) ParseArp(frame.payload);
#ifndef LB_NET_ETHERNET_H_
#define LB_NET_ETHERNET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/net/byte_reader.h"
#include "lb/net/mac_address.h"

namespace lb::net {

inline constexpr uint16_t kEtherTypeArp = 0x0806;   // RFC 826
inline constexpr uint16_t kEtherTypeIpv6 = 0x86dd;  // RFC 2464 section 3
inline constexpr size_t kEthernetHeaderSize = 14;
// IEEE 802.3: 64 bytes, less the 4 of the frame check sequence.
inline constexpr size_t kEthernetFrameSizeMin = 60;

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  uint16_t ether_type = 0;  // Behind the priority tags, if there are any.

  friend bool operator==(const EthernetHeader&,
                         const EthernetHeader&) = default;
};

struct EthernetFrame {
  EthernetHeader header;
  absl::Span<const uint8_t> payload;  // In the parsed bytes; with padding.
};

// The tag protocol identifiers of IEEE 802.1Q (customer and service tag).
inline constexpr uint16_t kTagCustomer = 0x8100;
inline constexpr uint16_t kTagService = 0x88a8;
// The VLAN in a tag's two bytes behind its identifier. The rest is priority.
inline constexpr uint16_t kTagVlanMask = 0x0fff;

// Reads the next six bytes.
MacAddress ReadMac(ByteReader& in);

// InvalidArgument: cut short, the source is a group address, or the type field
// is an 802.3 length. Unimplemented: the frame has the tag of a VLAN.
absl::StatusOr<EthernetFrame> ParseEthernet(absl::Span<const uint8_t> frame);

// Returns header and payload, filled with zeros up to the smallest frame.
std::vector<uint8_t> SerializeEthernet(const EthernetHeader& header,
                                       absl::Span<const uint8_t> payload);

}  // namespace lb::net

#endif  // LB_NET_ETHERNET_H_
