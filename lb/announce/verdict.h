// Verdict: what became of one received frame, and why. Counted, never silent.
#ifndef LB_ANNOUNCE_VERDICT_H_
#define LB_ANNOUNCE_VERDICT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lb::announce {

enum class Verdict : uint8_t {
  kReply,             // Asks for an address of ours: answered. As a judgement:
                      // to be answered if its state answers.
  kNotRequest,        // An answer or an announcement about someone else.
  kNotOurs,           // Asks for an address that we do not announce there.
  kWrongDestination,  // Was sent to another host or group.
  kConflict,          // Another host claims an address that we announce, or
                      // claims or probes for one that we probe for.
  kRival,             // Another host claims an address that we left to it.
  kSilent,            // Asks for an address that we do not answer for (yet).
  kOwnFrame,          // Comes from a MAC address of our own.
  kTagged,            // It has the tag of a VLAN: another network.
  kUnsupported,       // Neither ARP nor a neighbour solicitation or advert.
  kMalformed,         // Breaks its RFC.
  kUnknownInterface,  // Came in on an interface that is not usable (any more).
  kQueueFull,         // Was to be answered, but frames_max frames wait.
  kFenced,            // Came while the announcer was fenced: not looked at.
};

inline constexpr size_t kVerdictCount = 14;

// "reply", "not_request", ...: stable, for metrics.
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

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_VERDICT_H_
