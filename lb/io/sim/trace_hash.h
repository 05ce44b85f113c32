// TraceHash: one number for all that happened in a simulation so far.
//
// The same seed must give the same number on every machine and compiler, so it
// is a plain FNV-1a over what is mixed in, in order. Not for security.
#ifndef LB_IO_SIM_TRACE_HASH_H_
#define LB_IO_SIM_TRACE_HASH_H_

#include <cstdint>

#include "absl/types/span.h"

namespace lb::io {

class TraceHash {
 public:
  void Mix(uint64_t number) { value_ = (value_ ^ number) * kPrime; }
  void MixBytes(absl::Span<const uint8_t> bytes) {
    Mix(bytes.size());
    for (const uint8_t byte : bytes) Mix(byte);
  }
  uint64_t value() const { return value_; }

 private:
  static constexpr uint64_t kPrime = 0x100000001b3;
  uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_TRACE_HASH_H_
