// BodyWriter: appends msgpack values as memberlist writes them (go-msgpack with
// default options): strings and byte slices in the old raw form, unsigned
// integers as short as possible, signed ones as go-msgpack 2 has them.
//
//   BodyWriter out(&bytes);
//   out.Map(1);
//   out.Raw("SeqNo");
//   out.Unsigned(42);
#ifndef LB_GOSSIP_WIRE_BODY_WRITER_H_
#define LB_GOSSIP_WIRE_BODY_WRITER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace lb::gossip::wire {

class BodyWriter {
 public:
  // `bytes` must outlive the writer.
  explicit BodyWriter(std::vector<uint8_t>* bytes) : bytes_(bytes) {}

  void Map(uint32_t pairs);
  void Raw(std::string_view text);
  void Raw(absl::Span<const uint8_t> bytes);
  void Unsigned(uint32_t number);
  // A Go `int`: 00-7f, d1, d2. REQUIRES: at most 2^31-1.
  void Signed(uint64_t number);
  void Bool(bool value);
  void Nil();

 private:
  std::vector<uint8_t>* bytes_;
};

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_BODY_WRITER_H_
