// TcpSegment: a TCP segment (RFC 9293) in an Ethernet frame, and how it is
// signed (RFC 2385).
//
// TCP drops what is signed otherwise than it expects without a word, so a
// session with a wrong password is silence at both ends. The segment itself
// tells: a host that has the key can make the signature that it should have.
//
//   LB_ASSIGN_OR_RETURN(const TcpSegment segment, ParseTcpSegment(frame));
//   if (segment.syn && !IsSignedWith(segment, "password")) ...
//
// Pure: any thread. Nothing is believed of the frame: each length is checked,
// the checksum is not, since the kernel hands over frames before it is made.
#ifndef LB_BGP_SIGNATURE_TCP_SEGMENT_H_
#define LB_BGP_SIGNATURE_TCP_SEGMENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/net/endpoint.h"

namespace lb::bgp {

inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;  // RFC 894
inline constexpr size_t kTcpSignatureSize = 16;
using TcpSignature = std::array<uint8_t, kTcpSignatureSize>;

struct TcpSegment {
  net::Endpoint source;
  net::Endpoint destination;
  bool syn = false;
  std::optional<TcpSignature> signature;  // Of the option of kind 19.
  // Header and data, in the parsed bytes, without padding.
  absl::Span<const uint8_t> bytes;
};

// A whole frame. InvalidArgument: it breaks its RFC; the message names the
// field. Unimplemented: it has the tag of a VLAN, is no TCP, a fragment, or has
// extension headers of IPv6.
absl::StatusOr<TcpSegment> ParseTcpSegment(absl::Span<const uint8_t> frame);

// True if the segment has the signature that the key makes.
bool IsSignedWith(const TcpSegment& segment, std::string_view key);

// The signature that the key makes: what a sender puts in, and a receiver
// expects. REQUIRES: `segment.bytes` is at least a header of 20 bytes.
TcpSignature SignatureOf(const TcpSegment& segment, std::string_view key);

}  // namespace lb::bgp

#endif  // LB_BGP_SIGNATURE_TCP_SEGMENT_H_
