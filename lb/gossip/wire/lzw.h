// LZW as in GIF and Go's compress/lzw: least significant bit first, literals of
// 8 bits, codes of 9 to 12 bits, 256 clears the table, 257 ends.
//
// Pure. The compressor's output is Go's, byte for byte; its tables live on the
// stack.
#ifndef LB_GOSSIP_WIRE_LZW_H_
#define LB_GOSSIP_WIRE_LZW_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace lb::gossip::wire {

std::vector<uint8_t> LzwCompress(absl::Span<const uint8_t> plain);

// Bytes after the end code are ignored. InvalidArgument: damaged or without an
// end. ResourceExhausted: more than `size_max` bytes come out.
absl::StatusOr<std::vector<uint8_t>> LzwDecompress(
    absl::Span<const uint8_t> compressed, size_t size_max);

// The same piece by piece, for long inputs.
class LzwInflater {
 public:
  // `compressed` must outlive it.
  LzwInflater(absl::Span<const uint8_t> compressed, size_t size_max);
  LzwInflater(LzwInflater&&) noexcept;
  LzwInflater& operator=(LzwInflater&&) noexcept;
  ~LzwInflater();

  // Goes on until `slice` bytes more have come out, or one string above that.
  // True: that was all. Errors as LzwDecompress(); it is over with them.
  absl::StatusOr<bool> Step(size_t slice);
  // How much came out so far.
  size_t size() const;
  // All of it. REQUIRES: Step() gave true.
  std::vector<uint8_t> Take();

 private:
  class Decompressor;
  std::unique_ptr<Decompressor> decompressor_;
};

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_LZW_H_
