// Verdict: what became of one received packet, and why. Counted, never silent.
#ifndef LB_BFD_WIRE_VERDICT_H_
#define LB_BFD_WIRE_VERDICT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lb::bfd {

enum class Verdict : uint8_t {
  kAccepted,
  // By its bytes (RFC 5880 section 6.8.6):
  kTooShort,             // Fewer bytes than the smallest packet has.
  kWrongVersion,         // Not version 1.
  kWrongLength,          // Its length field is below 24, or lies.
  kZeroMultiplier,       // A detection time of nothing.
  kMultipoint,           // The M bit, which is reserved.
  kZeroDiscriminator,    // The sender names no session of its own.
  kNoYourDiscriminator,  // Init or Up, and yet it knows no session of ours.
  kUnexpectedAuthentication,  // The A bit: no session of ours authenticates.
  // By its way and its session:
  kLowTtl,                // Travelled further than its session allows.
  kUnknownDiscriminator,  // Names a session that we do not have (any more).
  kUnknownPeer,           // Names none, and there is none with its sender.
  kWrongPort,             // One hop by the multihop port, or the reverse.
  kWrongInterface,        // Came by another interface than its session's.
};

inline constexpr size_t kVerdictCount = 14;

// "accepted", "too_short", ...: stable, for metrics.
std::string_view ToString(Verdict verdict);

class VerdictCounters {
 public:
  void Count(Verdict verdict) { ++counts_[static_cast<size_t>(verdict)]; }
  uint64_t operator[](Verdict verdict) const {
    return counts_[static_cast<size_t>(verdict)];
  }

 private:
  std::array<uint64_t, kVerdictCount> counts_ = {};
};

}  // namespace lb::bfd

#endif  // LB_BFD_WIRE_VERDICT_H_
