#include "lb/gossip/wire/body_writer.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "msgpack/pack.hpp"

namespace lb::gossip::wire {
namespace {

// What msgpack-cxx wants to write to.
class Sink {
 public:
  explicit Sink(std::vector<uint8_t>* bytes) : bytes_(bytes) {}
  void write(const char* chunk, size_t size) {
    bytes_->insert(bytes_->end(), chunk, chunk + size);
  }

 private:
  std::vector<uint8_t>* bytes_;
};

}  // namespace

void BodyWriter::Map(uint32_t pairs) {
  Sink sink(bytes_);
  msgpack::packer<Sink>(sink).pack_map(pairs);
}

void BodyWriter::Raw(std::string_view text) {
  LB_CHECK(text.size() <= std::numeric_limits<uint32_t>::max());
  Sink sink(bytes_);
  msgpack::packer<Sink>(sink).pack_v4raw(static_cast<uint32_t>(text.size()));
  sink.write(text.data(), text.size());
}

void BodyWriter::Raw(absl::Span<const uint8_t> bytes) { Raw(AsText(bytes)); }

void BodyWriter::Unsigned(uint32_t number) {
  Sink sink(bytes_);
  msgpack::packer<Sink>(sink).pack_uint32(number);
}

void BodyWriter::Signed(uint64_t number) {
  LB_CHECK(number <= std::numeric_limits<int32_t>::max());
  Sink sink(bytes_);
  msgpack::packer<Sink> packer(sink);
  if (number <= 0x7f) {
    packer.pack_uint32(static_cast<uint32_t>(number));
  } else if (number <= std::numeric_limits<int16_t>::max()) {
    packer.pack_fix_int16(static_cast<int16_t>(number));
  } else {
    packer.pack_fix_int32(static_cast<int32_t>(number));
  }
}

void BodyWriter::Bool(bool value) { bytes_->push_back(value ? 0xc3 : 0xc2); }

void BodyWriter::Nil() { bytes_->push_back(0xc0); }

}  // namespace lb::gossip::wire
