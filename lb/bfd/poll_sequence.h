// PollSequence: agrees with the peer on intervals that have changed (RFC 5880
// section 6.5).
//
// Packets have the P bit until the peer answers one by the F bit. A change
// meanwhile needs a sequence of its own, after this one: the answer may be to
// the values before. Pure bookkeeping.
#ifndef LB_BFD_POLL_SEQUENCE_H_
#define LB_BFD_POLL_SEQUENCE_H_

#include <cstdint>

namespace lb::bfd {

class PollSequence {
 public:
  // The values have changed.
  void Start() {
    phase_ = phase_ == Phase::kNone || phase_ == Phase::kUnsent
                 ? Phase::kUnsent
                 : Phase::kSentAgain;
  }
  void Stop() { phase_ = Phase::kNone; }

  bool is_running() const { return phase_ != Phase::kNone; }

  // A packet with the P bit has left.
  void OnSent() {
    if (phase_ == Phase::kUnsent) phase_ = Phase::kSent;
  }
  // A packet with the F bit has come. True: the peer has the newest values. An
  // answer to nothing is ignored.
  bool OnFinal() {
    switch (phase_) {
      case Phase::kNone:
      case Phase::kUnsent:
        return false;
      case Phase::kSent:
        phase_ = Phase::kNone;
        return true;
      case Phase::kSentAgain:
        phase_ = Phase::kUnsent;
        return false;
    }
    return false;
  }

 private:
  enum class Phase : uint8_t {
    kNone,
    kUnsent,     // No packet has asked yet.
    kSent,       // The values have not changed since the first that asked.
    kSentAgain,  // They have.
  };

  Phase phase_ = Phase::kNone;
};

}  // namespace lb::bfd

#endif  // LB_BFD_POLL_SEQUENCE_H_
