#include "lb/gossip/wire/compound.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::gossip::wire {

Bytes MakeCompound(absl::Span<const Bytes> parts) {
  LB_CHECK(!parts.empty() && parts.size() <= kCompoundPartsMax);
  net::ByteWriter out;
  out.Uint8(static_cast<uint8_t>(MessageType::kCompound));
  out.Uint8(static_cast<uint8_t>(parts.size()));
  for (const Bytes& part : parts) {
    LB_CHECK(part.size() <= kCompoundPartSizeMax);
    out.Uint16(static_cast<uint16_t>(part.size()));
  }
  for (const Bytes& part : parts) out.Bytes(part);
  return std::move(out).Finish();
}

absl::StatusOr<Compound> SplitCompound(absl::Span<const uint8_t> body) {
  net::ByteReader in(body);
  const size_t count = in.Uint8();
  net::ByteReader sizes(in.Take(2 * count));
  if (!in.ok()) {
    return absl::InvalidArgumentError(fmt::format(
        "compound: {} bytes, want the sizes of {} parts", body.size(), count));
  }
  if (count == 0) {
    return absl::InvalidArgumentError("compound: 0 parts, want 1..255");
  }
  Compound compound;
  compound.parts.reserve(count);
  for (size_t n = 0; n < count; ++n) {
    const absl::Span<const uint8_t> part = in.Take(sizes.Uint16());
    if (!in.ok()) {
      compound.missing = static_cast<int>(count - n);
      break;
    }
    compound.parts.push_back(part);
  }
  return compound;
}

}  // namespace lb::gossip::wire
