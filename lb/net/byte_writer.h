// ByteWriter: appends integers and spans to a growing packet. Big-endian.
//
//   ByteWriter out;
//   out.Uint16(0x0806);
//   out.Bytes(mac.bytes);
//   return std::move(out).Finish();
#ifndef LB_NET_BYTE_WRITER_H_
#define LB_NET_BYTE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace lb::net {

class ByteWriter {
 public:
  void Uint8(uint8_t number) { bytes_.push_back(number); }
  void Uint16(uint16_t number) { Number(number, 2); }
  void Uint32(uint32_t number) { Number(number, 4); }
  void Uint64(uint64_t number) { Number(number, 8); }
  void Bytes(absl::Span<const uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void Zeros(size_t count) { bytes_.resize(bytes_.size() + count); }

  size_t size() const { return bytes_.size(); }
  absl::Span<const uint8_t> bytes() const { return bytes_; }
  std::vector<uint8_t> Finish() && { return std::move(bytes_); }

 private:
  void Number(uint64_t number, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
      bytes_.push_back(static_cast<uint8_t>(number >> shift));
    }
  }

  std::vector<uint8_t> bytes_;
};

}  // namespace lb::net

#endif  // LB_NET_BYTE_WRITER_H_
