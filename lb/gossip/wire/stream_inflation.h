// StreamInflation: a compressed stream message, taken apart piece by piece.
//
// A few kilobytes can stand for twenty megabytes, which take a tenth of a
// second. So each Step() does some 64 KB of it; between two of them the owner
// can do other work. The output is bounded: kStreamSizeMax in all, and
// kInflateRatioMax times the input, which is ten times the ratio of real
// exchanges. Pure.
//
//   StreamInflation inflation(compressed);
//   auto message = inflation.Step();     // Nullopt: again, later.
#ifndef LB_GOSSIP_WIRE_STREAM_INFLATION_H_
#define LB_GOSSIP_WIRE_STREAM_INFLATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/lzw.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

inline constexpr size_t kInflateSlice = 64 << 10;
// Up to one slice comes out whatever the ratio.
inline constexpr size_t kInflateRatioMax = 100;

class StreamInflation {
 public:
  // Takes the LZW bytes, which it copies.
  explicit StreamInflation(absl::Span<const uint8_t> compressed);

  // One slice. Nullopt: there is more. ResourceExhausted: one of the bounds is
  // passed. InvalidArgument: damaged, or no message of a stream.
  absl::StatusOr<std::optional<StreamMessage>> Step();

  // The bytes that it holds.
  size_t bytes() const { return compressed_->size() + inflater_.size(); }

 private:
  std::unique_ptr<const Bytes> compressed_;  // Stays where it is.
  LzwInflater inflater_;
};

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_STREAM_INFLATION_H_
