// ByteReader: takes integers and spans off the front of received bytes.
//
// It never reads past the end: a read that does not fit gives zero (or an empty
// span) and marks the reader as failed, for good. So a parser reads all its
// fields and asks ok() once, before it uses any. Numbers are big-endian.
// The bytes must outlive the reader and the spans it gives out.
//
//   ByteReader in(packet);
//   const uint8_t type = in.Uint8();
//   const absl::Span<const uint8_t> body = in.Take(in.Uint16());
//   if (!in.ok()) return absl::InvalidArgumentError("cut short");
#ifndef LB_NET_BYTE_READER_H_
#define LB_NET_BYTE_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace lb::net {

class ByteReader {
 public:
  explicit ByteReader(absl::Span<const uint8_t> bytes) : rest_(bytes) {}

  uint8_t Uint8() { return static_cast<uint8_t>(Number(1)); }
  uint16_t Uint16() { return static_cast<uint16_t>(Number(2)); }
  uint32_t Uint32() { return static_cast<uint32_t>(Number(4)); }
  uint64_t Uint64() { return Number(8); }

  // The next `count` bytes.
  absl::Span<const uint8_t> Take(size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const absl::Span<const uint8_t> taken = rest_.first(count);
    rest_.remove_prefix(count);
    return taken;
  }

  // The unread bytes; empty once a read failed.
  absl::Span<const uint8_t> rest() const { return rest_; }

  // False once any read went past the end.
  bool ok() const { return ok_; }

 private:
  uint64_t Number(size_t size) {
    uint64_t number = 0;
    for (const uint8_t byte : Take(size)) number = number << 8 | byte;
    return number;
  }

  absl::Span<const uint8_t> rest_;
  bool ok_ = true;
};

}  // namespace lb::net

#endif  // LB_NET_BYTE_READER_H_
