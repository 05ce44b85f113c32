// RoundTrip: bytes that decode must encode to bytes that decode to the same.
//
// For untrusted bytes: damaged vectors, a fuzzer's inventions. A broken promise
// stops the process.
#ifndef LB_GOSSIP_WIRE_TESTING_ROUND_TRIP_H_
#define LB_GOSSIP_WIRE_TESTING_ROUND_TRIP_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/compound.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

class RoundTrip {
 public:
  explicit RoundTrip(Codec codec) : codec_(std::move(codec)) {}

  // False: the bytes are refused.
  bool Packet(absl::Span<const uint8_t> bytes) const {
    const absl::StatusOr<Codec::Packet> packet = codec_.DecodePacket(bytes);
    if (!packet.ok()) {
      LB_CHECK(!absl::IsUnavailable(packet.status()));  // No more will come.
      return false;
    }
    LB_CHECK(!packet->messages.empty());
    std::vector<Bytes> encoded;
    for (const Message& message : packet->messages) {
      encoded.push_back(EncodeMessage(message));
      if (encoded.back().size() > kCompoundPartSizeMax) return true;
    }
    if (encoded.size() > kCompoundPartsMax) return true;
    const absl::StatusOr<Codec::Packet> again =
        codec_.DecodePacket(codec_.EncodePacket(encoded, Checksum::kCrc32));
    LB_CHECK(again.ok() && again->messages == packet->messages);
    return true;
  }

  // Likewise, as one side of a stream.
  bool Stream(absl::Span<const uint8_t> bytes,
              Codec::Direction direction) const {
    const absl::StatusOr<StreamMessage> message =
        codec_.DecodeStream(bytes, direction);
    CheckPieces(bytes, direction, message);
    if (!message.ok()) return false;
    const absl::StatusOr<StreamMessage> again = codec_.DecodeStream(
        codec_.EncodeStream(*message, direction), direction);
    LB_CHECK(again.ok() && *again == *message);
    return true;
  }

 private:
  // Bytes that come in two pieces say what they say at once.
  void CheckPieces(absl::Span<const uint8_t> bytes, Codec::Direction direction,
                   const absl::StatusOr<StreamMessage>& whole) const {
    StreamProgress progress;
    absl::StatusOr<StreamMessage> pieces = codec_.DecodeStream(
        bytes.first(bytes.size() / 2), direction, &progress);
    if (absl::IsUnavailable(pieces.status())) {
      pieces = codec_.DecodeStream(bytes, direction, &progress);
    }
    LB_CHECK(pieces.ok() == whole.ok());
    LB_CHECK(!whole.ok() || *pieces == *whole);
  }

  Codec codec_;
};

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_TESTING_ROUND_TRIP_H_
