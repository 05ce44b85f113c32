#include "lb/gossip/wire/stream_progress.h"

#include "absl/status/status.h"
#include "lb/gossip/wire/body_reader.h"
#include "lb/gossip/wire/message_codec.h"

namespace lb::gossip::wire {

bool StreamProgress::IsWhole(absl::Span<const uint8_t> message) {
  if (message.empty() || !PassValues(message)) return false;
  if (!knows_tail_ && !damaged_) {
    const auto tail = ParseStreamTail(message);
    if (!tail.ok()) return true;
    knows_tail_ = true;
    values_ = tail->values;
    bytes_ = tail->bytes;
    if (!PassValues(message)) return false;
  }
  return damaged_ || message.size() - passed_ >= bytes_;
}

bool StreamProgress::PassValues(absl::Span<const uint8_t> message) {
  BodyReader in(message.subspan(passed_));
  while (values_ > 0 && !damaged_) {
    const uint64_t inside = in.SkipStart();
    if (!in.ok()) {
      damaged_ = !absl::IsUnavailable(in.status());
      return damaged_;
    }
    values_ += inside - 1;
    passed_ = message.size() - in.rest().size();
  }
  return true;
}

}  // namespace lb::gossip::wire
