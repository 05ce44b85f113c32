#include "lb/bfd/wire/control_packet.h"

#include <algorithm>

#include "lb/base/check.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::bfd {
namespace {

constexpr int kVersion = 1;
constexpr uint8_t kDiagnosticMask = 0x1f;

// The bits of the second byte below the state.
constexpr uint8_t kPoll = 0x20;
constexpr uint8_t kFinal = 0x10;
constexpr uint8_t kControlPlaneIndependent = 0x08;
constexpr uint8_t kAuthentication = 0x04;
constexpr uint8_t kDemand = 0x02;
constexpr uint8_t kMultipoint = 0x01;

absl::Duration ReadInterval(net::ByteReader& in) {
  return absl::Microseconds(in.Uint32());
}

void WriteInterval(absl::Duration interval, net::ByteWriter& out) {
  LB_CHECK(interval >= absl::ZeroDuration() && interval <= kIntervalMax);
  out.Uint32(static_cast<uint32_t>(absl::ToInt64Microseconds(interval)));
}

// What is wrong with the fields together.
Verdict Judge(const ControlPacket& packet, uint8_t flags) {
  if (packet.detect_multiplier == 0) return Verdict::kZeroMultiplier;
  if ((flags & kMultipoint) != 0) return Verdict::kMultipoint;
  if (packet.my_discriminator == 0) return Verdict::kZeroDiscriminator;
  const bool is_down =
      packet.state == State::kDown || packet.state == State::kAdminDown;
  if (packet.your_discriminator == 0 && !is_down) {
    return Verdict::kNoYourDiscriminator;
  }
  if ((flags & kAuthentication) != 0) return Verdict::kUnexpectedAuthentication;
  return Verdict::kAccepted;
}

}  // namespace

std::string_view ToString(State state) {
  switch (state) {
    case State::kAdminDown:
      return "admin_down";
    case State::kDown:
      return "down";
    case State::kInit:
      return "init";
    case State::kUp:
      return "up";
  }
  LB_UNREACHABLE();
}

std::string_view ToString(Diagnostic diagnostic) {
  switch (diagnostic) {
    case Diagnostic::kNone:
      return "none";
    case Diagnostic::kDetectionExpired:
      return "detection_expired";
    case Diagnostic::kEchoFailed:
      return "echo_failed";
    case Diagnostic::kNeighborSignaledDown:
      return "neighbor_signaled_down";
    case Diagnostic::kForwardingPlaneReset:
      return "forwarding_plane_reset";
    case Diagnostic::kPathDown:
      return "path_down";
    case Diagnostic::kConcatenatedPathDown:
      return "concatenated_path_down";
    case Diagnostic::kAdministrativelyDown:
      return "administratively_down";
    case Diagnostic::kReverseConcatenatedPathDown:
      return "reverse_concatenated_path_down";
  }
  return "reserved";  // A number that a peer sent.
}

ParsedPacket ParseControlPacket(absl::Span<const uint8_t> payload) {
  if (payload.size() < kControlPacketSize) return {Verdict::kTooShort, {}};
  net::ByteReader in(payload);
  const uint8_t first = in.Uint8();
  if (first >> 5 != kVersion) return {Verdict::kWrongVersion, {}};
  const uint8_t flags = in.Uint8();
  ControlPacket packet = {
      .diagnostic = static_cast<Diagnostic>(first & kDiagnosticMask),
      .state = static_cast<State>(flags >> 6),
      .poll = (flags & kPoll) != 0,
      .final = (flags & kFinal) != 0,
      .control_plane_independent = (flags & kControlPlaneIndependent) != 0,
      .demand = (flags & kDemand) != 0,
      .detect_multiplier = in.Uint8()};
  const size_t length = in.Uint8();
  if (length < kControlPacketSize || length > payload.size()) {
    return {Verdict::kWrongLength, {}};
  }
  packet.my_discriminator = in.Uint32();
  packet.your_discriminator = in.Uint32();
  packet.desired_min_tx = ReadInterval(in);
  packet.required_min_rx = ReadInterval(in);
  packet.required_min_echo_rx = ReadInterval(in);
  LB_CHECK(in.ok());
  const Verdict verdict = Judge(packet, flags);
  if (verdict != Verdict::kAccepted) return {verdict, {}};
  return {Verdict::kAccepted, packet};
}

std::array<uint8_t, kControlPacketSize> SerializeControlPacket(
    const ControlPacket& packet) {
  net::ByteWriter out;
  out.Uint8(static_cast<uint8_t>(kVersion << 5) |
            (static_cast<uint8_t>(packet.diagnostic) & kDiagnosticMask));
  uint8_t flags = static_cast<uint8_t>(static_cast<int>(packet.state) << 6);
  if (packet.poll) flags |= kPoll;
  if (packet.final) flags |= kFinal;
  if (packet.control_plane_independent) flags |= kControlPlaneIndependent;
  if (packet.demand) flags |= kDemand;
  out.Uint8(flags);
  out.Uint8(packet.detect_multiplier);
  out.Uint8(kControlPacketSize);
  out.Uint32(packet.my_discriminator);
  out.Uint32(packet.your_discriminator);
  WriteInterval(packet.desired_min_tx, out);
  WriteInterval(packet.required_min_rx, out);
  WriteInterval(packet.required_min_echo_rx, out);
  std::array<uint8_t, kControlPacketSize> bytes;
  LB_CHECK(out.size() == bytes.size());
  std::copy(out.bytes().begin(), out.bytes().end(), bytes.begin());
  return bytes;
}

}  // namespace lb::bfd
