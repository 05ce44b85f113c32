// Bodies of single messages to bytes and back; no layers around them.
//
// Parsing is as tolerant as memberlist's own: keys in any order, unknown keys
// passed over, missing ones zero, a struct also as an array, bytes after the
// struct ignored. A number above its field's width, a value of the wrong kind
// and a node state that does not exist are refused.
//
// "Cut short" is Unavailable here, since in a stream the rest may still come.
#ifndef LB_GOSSIP_WIRE_MESSAGE_CODEC_H_
#define LB_GOSSIP_WIRE_MESSAGE_CODEC_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

// Nodes in one full exchange. memberlist takes a million, which could cost the
// receiver some 500 MB, and no real cluster has so many.
inline constexpr uint64_t kPushPullNodesMax = 1 << 16;

struct PushPullHeader {
  bool join = false;
  uint64_t nodes = 0;
  uint64_t user_state_size = 0;

  friend bool operator==(const PushPullHeader&,
                         const PushPullHeader&) = default;
};

// One bare datagram message: type byte and body. InvalidArgument: damaged, or
// a type that no datagram holds here (layers, streams' messages, unknown).
absl::StatusOr<Message> ParseMessage(absl::Span<const uint8_t> message);

// One bare stream message: type byte and body. InvalidArgument: damaged, or a
// type that no stream holds. Unavailable: cut short. ResourceExhausted: a
// declared length above kStreamSizeMax, or more nodes than kPushPullNodesMax.
absl::StatusOr<StreamMessage> ParseStreamMessage(
    absl::Span<const uint8_t> message);
Bytes SerializeStreamMessage(const StreamMessage& message);

// The bytes after a stream message's first value, which announces them.
struct StreamTail {
  uint64_t values = 0;
  uint64_t bytes = 0;  // After them.
};
// `message` has its first value. Errors as for ParseStreamMessage.
absl::StatusOr<StreamTail> ParseStreamTail(absl::Span<const uint8_t> message);

// The map alone. Errors as for ParseStreamMessage.
absl::StatusOr<PushPullHeader> ParsePushPullHeader(
    absl::Span<const uint8_t> body);
Bytes SerializePushPullHeader(const PushPullHeader& header);

// A whole compress message, type byte included.
Bytes Compress(absl::Span<const uint8_t> plain);
// Its compressed bytes, within `message`. Unavailable: cut short.
// InvalidArgument: not LZW.
absl::StatusOr<absl::Span<const uint8_t>> ParseCompressed(
    absl::Span<const uint8_t> message);

// `status`, with "cut short" turned into InvalidArgument: nothing more comes.
absl::Status AsFinal(absl::Status status);

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_MESSAGE_CODEC_H_
