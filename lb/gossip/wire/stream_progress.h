// StreamProgress: is all of a plain stream message here?
//
// It has no length in front: only its last value ends it. So each byte is
// looked at as it comes, and once, however small the pieces are that a peer
// sends; parsing each time from the start would take the square of the time.
//
// Pure. Holds a position, no bytes.
//
//   StreamProgress progress;
//   if (progress.IsWhole(received)) {  // Else more is to come.
//     auto message = ParseStreamMessage(received);
//   }
#ifndef LB_GOSSIP_WIRE_STREAM_PROGRESS_H_
#define LB_GOSSIP_WIRE_STREAM_PROGRESS_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace lb::gossip::wire {

class StreamProgress {
 public:
  // `message`: what the last call was given, and what has come since. Also true
  // of what can never be whole: parsing says what is wrong.
  bool IsWhole(absl::Span<const uint8_t> message);

 private:
  // False: the bytes end before the values do.
  bool PassValues(absl::Span<const uint8_t> message);

  size_t passed_ = 1;    // Bytes: the type, and whole values.
  uint64_t values_ = 1;  // Values to come, as far as is known.
  uint64_t bytes_ = 0;   // Bytes that follow the last value.
  bool knows_tail_ = false;
  bool damaged_ = false;
};

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_STREAM_PROGRESS_H_
