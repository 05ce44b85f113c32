// ARP for IPv4 over Ethernet (RFC 826), and the kinds of packets that RFC 5227
// names.
//
// This is only the codec: lb/announce decides which packets to answer. A packet
// that parses serializes to the same 28 bytes; padding behind them is ignored.
#ifndef LB_NET_ARP_H_
#define LB_NET_ARP_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::net {

inline constexpr size_t kArpSize = 28;

enum class ArpOperation : uint16_t { kRequest = 1, kReply = 2 };

struct ArpPacket {
  ArpOperation operation = ArpOperation::kRequest;
  MacAddress sender_mac;
  IpAddress sender_ip;    // IPv4
  MacAddress target_mac;  // Ignored in a request.
  IpAddress target_ip;    // IPv4

  friend bool operator==(const ArpPacket&, const ArpPacket&) = default;
};

// The purpose of a packet.
enum class ArpKind {
  kRequest,            // Who has the target address?
  kProbe,              // From a host that wants the address: RFC 5227 1.1.
  kGratuitousRequest,  // "I have it", as a request: RFC 5227 calls it an
                       // announcement.
  kReply,              // The answer to a request.
  kGratuitousReply,    // "I have it", as a reply: RFC 5944 section 4.6.
};

ArpKind Kind(const ArpPacket& packet);

// Reads the payload of an Ethernet frame. InvalidArgument names the field:
// fewer than 28 bytes, another hardware or protocol, an operation that is
// neither request nor reply, a sender that is a group.
absl::StatusOr<ArpPacket> ParseArp(absl::Span<const uint8_t> payload);

// The 28 bytes. REQUIRES: both addresses are IPv4.
std::vector<uint8_t> SerializeArp(const ArpPacket& packet);

// The whole frame, from the packet's sender to `destination`.
std::vector<uint8_t> ArpFrame(const MacAddress& destination,
                              const ArpPacket& packet);

}  // namespace lb::net

#endif  // LB_NET_ARP_H_
