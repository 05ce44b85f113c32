// ControlPacket: the one message of BFD (RFC 5880 section 4.1), 24 bytes.
//
//   const ParsedPacket parsed = ParseControlPacket(payload);
//   if (parsed.verdict != Verdict::kAccepted) counters.Count(parsed.verdict);
//
// Authentication is not supported: a packet with the A bit has a verdict of its
// own. What parses serializes back to its first 24 bytes. Pure functions.
#ifndef LB_BFD_WIRE_CONTROL_PACKET_H_
#define LB_BFD_WIRE_CONTROL_PACKET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/bfd/wire/verdict.h"

namespace lb::bfd {

inline constexpr size_t kControlPacketSize = 24;

// By the numbers of the wire.
enum class State : uint8_t { kAdminDown = 0, kDown = 1, kInit = 2, kUp = 3 };

// "admin_down", "down", "init", "up".
std::string_view ToString(State state);

// Why a session changed its state last; 5 bits. A peer may send numbers that
// have no name yet: these stay as they are.
enum class Diagnostic : uint8_t {
  kNone = 0,
  kDetectionExpired = 1,
  kEchoFailed = 2,
  kNeighborSignaledDown = 3,
  kForwardingPlaneReset = 4,
  kPathDown = 5,
  kConcatenatedPathDown = 6,
  kAdministrativelyDown = 7,
  kReverseConcatenatedPathDown = 8,
};

// "none", "detection_expired", ...; "reserved" for a number without a name.
std::string_view ToString(Diagnostic diagnostic);

struct ControlPacket {
  Diagnostic diagnostic = Diagnostic::kNone;
  State state = State::kDown;
  bool poll = false;
  bool final = false;
  bool control_plane_independent = false;
  bool demand = false;
  uint8_t detect_multiplier = 0;  // 1 to 255.
  uint32_t my_discriminator = 0;  // Not 0.
  uint32_t your_discriminator = 0;
  // In whole microseconds, at most kIntervalMax.
  absl::Duration desired_min_tx;
  absl::Duration required_min_rx;
  absl::Duration required_min_echo_rx;

  friend bool operator==(const ControlPacket&, const ControlPacket&) = default;
};

// 32 bits of microseconds.
inline constexpr absl::Duration kIntervalMax = absl::Microseconds(UINT32_MAX);

struct ParsedPacket {
  Verdict verdict = Verdict::kAccepted;
  ControlPacket packet;  // If it was accepted.
};

// Judges the bytes alone, in the order of RFC 5880 section 6.8.6. Bytes behind
// the packet are ignored.
ParsedPacket ParseControlPacket(absl::Span<const uint8_t> payload);

// REQUIRES: the fields are within their limits.
std::array<uint8_t, kControlPacketSize> SerializeControlPacket(
    const ControlPacket& packet);

}  // namespace lb::bfd

#endif  // LB_BFD_WIRE_CONTROL_PACKET_H_
