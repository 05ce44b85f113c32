// BodyReader: takes msgpack values off the front of received bytes.
//
// Pulls one value at a time and copies nothing: raw values are spans into the
// input. Accepts what memberlist's own decoder accepts: integers of both
// families and any width if the value fits, strings and byte slices in the old
// raw, str8 and bin forms, structs as map or as array. The first fault stays:
// later reads give zero. Values that are skipped may nest kNestingMax deep. No
// length is believed before the bytes are there, nothing is allocated.
//
//   BodyReader in(body);
//   const BodyReader::Container fields = in.Struct();
//   const uint64_t port = in.Unsigned(0xffff);
//   if (!in.ok()) return in.status();
#ifndef LB_GOSSIP_WIRE_BODY_READER_H_
#define LB_GOSSIP_WIRE_BODY_READER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/net/byte_reader.h"

namespace lb::gossip::wire {

class BodyReader {
 public:
  // Containers within containers; memberlist's own messages need one.
  static constexpr int kNestingMax = 16;
  // Bytes of one string or slice: 20 MiB, memberlist's own limit of a stream.
  static constexpr uint32_t kRawSizeMax = 20 << 20;

  struct Container {
    bool is_map = false;  // Else an array.
    uint32_t count = 0;   // Key-value pairs, or elements.
  };

  explicit BodyReader(absl::Span<const uint8_t> bytes) : in_(bytes) {}

  // The start of a struct: a map's or an array's header.
  Container Struct();
  // A string or a byte slice.
  absl::Span<const uint8_t> Raw();
  // An integer of either family in 0..max.
  uint64_t Unsigned(uint64_t max);
  bool Bool();
  // Takes a nil if one is next.
  bool TakeNil();
  // Passes over one value of any kind.
  void Skip() { SkipNested(0); }
  // Passes over one value, but not over what it contains: returns how many
  // values that are, which come next.
  uint64_t SkipStart();

  bool ok() const { return fault_.ok() && in_.ok(); }
  // Unavailable: the bytes end within a value. InvalidArgument: wrong kind,
  // value too large, nested too deep. ResourceExhausted: raw value too long.
  absl::Status status() const;
  absl::Span<const uint8_t> rest() const { return in_.rest(); }

 private:
  enum class Kind;
  // A value's first byte and the number that belongs to it.
  struct Start {
    Kind kind;
    uint8_t type;
    uint64_t number;
  };

  Start TakeStart();
  void SkipNested(int depth);
  void SkipValues(uint64_t values, int depth);
  absl::Span<const uint8_t> TakeBytes(uint64_t size);
  void Refuse(const Start& start, std::string_view wanted);

  net::ByteReader in_;
  absl::Status fault_;
};

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_BODY_READER_H_
