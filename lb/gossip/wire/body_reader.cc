#include "lb/gossip/wire/body_reader.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "fmt/format.h"

namespace lb::gossip::wire {

enum class BodyReader::Kind {
  kNil,
  kBool,      // number: 0 or 1.
  kUnsigned,  // number: the value.
  kNegative,  // number: the value, in two's complement.
  kRaw,       // number: bytes that follow.
  kOpaque,    // Floats and extensions. number: bytes that follow.
  kArray,     // number: elements that follow.
  kMap,       // number: pairs that follow.
  kInvalid,
};

// The msgpack specification's table of first bytes, in its order.
BodyReader::Start BodyReader::TakeStart() {
  const uint8_t type = in_.Uint8();
  const auto start = [type](Kind kind, uint64_t number) {
    return Start{.kind = kind, .type = type, .number = number};
  };
  // Integers of the signed family; sign extension gives two's complement.
  const auto integer = [&start](int64_t value) {
    return start(value < 0 ? Kind::kNegative : Kind::kUnsigned,
                 static_cast<uint64_t>(value));
  };
  if (type <= 0x7f) return start(Kind::kUnsigned, type);
  if (type <= 0x8f) return start(Kind::kMap, type & 0x0f);
  if (type <= 0x9f) return start(Kind::kArray, type & 0x0f);
  if (type <= 0xbf) return start(Kind::kRaw, type & 0x1f);
  if (type >= 0xe0) return integer(static_cast<int8_t>(type));
  // One line for each type.
  // clang-format off
  switch (type) {
    case 0xc0: return start(Kind::kNil, 0);
    case 0xc2: return start(Kind::kBool, 0);
    case 0xc3: return start(Kind::kBool, 1);
    case 0xc4: return start(Kind::kRaw, in_.Uint8());
    case 0xc5: return start(Kind::kRaw, in_.Uint16());
    case 0xc6: return start(Kind::kRaw, in_.Uint32());
    case 0xc7: return start(Kind::kOpaque, uint64_t{1} + in_.Uint8());
    case 0xc8: return start(Kind::kOpaque, uint64_t{1} + in_.Uint16());
    case 0xc9: return start(Kind::kOpaque, uint64_t{1} + in_.Uint32());
    case 0xca: return start(Kind::kOpaque, 4);
    case 0xcb: return start(Kind::kOpaque, 8);
    case 0xcc: return start(Kind::kUnsigned, in_.Uint8());
    case 0xcd: return start(Kind::kUnsigned, in_.Uint16());
    case 0xce: return start(Kind::kUnsigned, in_.Uint32());
    case 0xcf: return start(Kind::kUnsigned, in_.Uint64());
    case 0xd0: return integer(static_cast<int8_t>(in_.Uint8()));
    case 0xd1: return integer(static_cast<int16_t>(in_.Uint16()));
    case 0xd2: return integer(static_cast<int32_t>(in_.Uint32()));
    case 0xd3: return integer(static_cast<int64_t>(in_.Uint64()));
    case 0xd4: return start(Kind::kOpaque, 2);
    case 0xd5: return start(Kind::kOpaque, 3);
    case 0xd6: return start(Kind::kOpaque, 5);
    case 0xd7: return start(Kind::kOpaque, 9);
    case 0xd8: return start(Kind::kOpaque, 17);
    case 0xd9: return start(Kind::kRaw, in_.Uint8());
    case 0xda: return start(Kind::kRaw, in_.Uint16());
    case 0xdb: return start(Kind::kRaw, in_.Uint32());
    case 0xdc: return start(Kind::kArray, in_.Uint16());
    case 0xdd: return start(Kind::kArray, in_.Uint32());
    case 0xde: return start(Kind::kMap, in_.Uint16());
    case 0xdf: return start(Kind::kMap, in_.Uint32());
    default: return start(Kind::kInvalid, 0);
  }
  // clang-format on
}

BodyReader::Container BodyReader::Struct() {
  const Start start = TakeStart();
  if (start.kind != Kind::kMap && start.kind != Kind::kArray) {
    Refuse(start, "a map or an array");
  }
  if (!ok()) return {};
  return {.is_map = start.kind == Kind::kMap,
          .count = static_cast<uint32_t>(start.number)};
}

absl::Span<const uint8_t> BodyReader::Raw() {
  const Start start = TakeStart();
  if (start.kind != Kind::kRaw) Refuse(start, "a string or bytes");
  return ok() ? TakeBytes(start.number) : absl::Span<const uint8_t>();
}

uint64_t BodyReader::Unsigned(uint64_t max) {
  const Start start = TakeStart();
  const bool negative = start.kind == Kind::kNegative;
  if (!negative && start.kind != Kind::kUnsigned) Refuse(start, "an integer");
  if (ok() && (negative || start.number > max)) {
    fault_ = absl::InvalidArgumentError(fmt::format(
        "{}, want 0..{}",
        negative ? fmt::to_string(static_cast<int64_t>(start.number))
                 : fmt::to_string(start.number),
        max));
  }
  return ok() ? start.number : 0;
}

bool BodyReader::Bool() {
  const Start start = TakeStart();
  if (start.kind != Kind::kBool) Refuse(start, "a boolean");
  return ok() && start.number == 1;
}

bool BodyReader::TakeNil() {
  if (!ok() || rest().empty() || rest().front() != 0xc0) return false;
  in_.Uint8();
  return true;
}

absl::Status BodyReader::status() const {
  if (!fault_.ok()) return fault_;
  if (!in_.ok()) return absl::UnavailableError("cut short");
  return absl::OkStatus();
}

uint64_t BodyReader::SkipStart() {
  const Start start = TakeStart();
  switch (start.kind) {
    case Kind::kRaw:
    case Kind::kOpaque:
      TakeBytes(start.number);
      return 0;
    case Kind::kArray:
      return start.number;
    case Kind::kMap:
      return 2 * start.number;
    case Kind::kInvalid:
      Refuse(start, "a value");
      return 0;
    default:
      return 0;
  }
}

void BodyReader::SkipNested(int depth) {
  const uint64_t inside = SkipStart();
  if (inside > 0) SkipValues(inside, depth);
}

void BodyReader::SkipValues(uint64_t values, int depth) {
  if (depth == kNestingMax && ok()) {
    fault_ = absl::InvalidArgumentError(
        fmt::format("nested deeper than {} containers", kNestingMax));
  }
  // A promise of many values ends with the bytes: each takes at least one.
  for (; values > 0 && ok(); --values) SkipNested(depth + 1);
}

absl::Span<const uint8_t> BodyReader::TakeBytes(uint64_t size) {
  if (size > kRawSizeMax && ok()) {
    fault_ = absl::ResourceExhaustedError(
        fmt::format("{} bytes, want at most {}", size, kRawSizeMax));
  }
  return ok() ? in_.Take(size) : absl::Span<const uint8_t>();
}

void BodyReader::Refuse(const Start& start, std::string_view wanted) {
  if (!ok()) return;
  fault_ = absl::InvalidArgumentError(
      fmt::format("type 0x{:02x}, want {}", start.type, wanted));
}

}  // namespace lb::gossip::wire
