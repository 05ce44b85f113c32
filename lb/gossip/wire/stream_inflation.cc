#include "lb/gossip/wire/stream_inflation.h"

#include <algorithm>
#include <utility>

#include "lb/base/status_macros.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/message_codec.h"

namespace lb::gossip::wire {
namespace {

size_t InflatedMax(size_t compressed) {
  return std::clamp(compressed * kInflateRatioMax, kInflateSlice,
                    kStreamSizeMax);
}

}  // namespace

StreamInflation::StreamInflation(absl::Span<const uint8_t> compressed)
    : compressed_(
          std::make_unique<const Bytes>(compressed.begin(), compressed.end())),
      inflater_(*compressed_, InflatedMax(compressed.size())) {}

absl::StatusOr<std::optional<StreamMessage>> StreamInflation::Step() {
  LB_ASSIGN_OR_RETURN(const bool is_whole, inflater_.Step(kInflateSlice));
  if (!is_whole) return std::nullopt;
  const Bytes plain = inflater_.Take();
  absl::StatusOr<StreamMessage> message = ParseStreamMessage(plain);
  if (!message.ok()) return AsFinal(message.status());
  return *std::move(message);
}

}  // namespace lb::gossip::wire
