#include "lb/history/history_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/base/bytes.h"
#include "lb/base/state_value.h"
#include "lb/base/status_macros.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::history {
namespace {

constexpr StateFormat kFormat = {"LBHS", 1, "segment of a history"};
constexpr size_t kTextSizeMax = UINT16_MAX;

uint64_t ToNumber(absl::Time time) {
  return static_cast<uint64_t>(absl::ToUnixMicros(time));
}

absl::Time ToTime(uint64_t number) {
  return absl::FromUnixMicros(static_cast<int64_t>(number));
}

constexpr uint8_t kBesideOthers = 0x80;  // In an entry's `kind`.

void WriteText(std::string_view text, net::ByteWriter* out) {
  text = text.substr(0, kTextSizeMax);
  out->Uint16(static_cast<uint16_t>(text.size()));
  out->Bytes(AsBytes(text));
}

// Nullopt: the bytes are cut short, or are no entry.
std::optional<HistoryEntry> ReadEntry(net::ByteReader* in) {
  HistoryEntry entry;
  const uint8_t kind = in->Uint8();
  const uint8_t end = kind & ~kBesideOthers;
  entry.beside_others = end != kind;
  entry.from = ToTime(in->Uint64());
  const uint64_t to = in->Uint64();
  const uint8_t family = in->Uint8();
  const auto address =
      net::IpAddress::FromBytes(in->Take(family == 4 ? 4 : 16));
  entry.service = AsText(in->Take(in->Uint16()));
  entry.node = AsText(in->Take(in->Uint16()));
  if (!in->ok() || !address.ok() || (family != 4 && family != 6) ||
      end > static_cast<uint8_t>(HistoryEnd::kUnseen)) {
    return std::nullopt;
  }
  entry.address = *address;
  entry.end = static_cast<HistoryEnd>(end);
  if (entry.end != HistoryEnd::kNone) entry.to = ToTime(to);
  return entry;
}

}  // namespace

std::string SerializeEntry(const HistoryEntry& entry) {
  const bool lasts = entry.end == HistoryEnd::kNone;
  net::ByteWriter out;
  out.Uint8(static_cast<uint8_t>(entry.end) |
            (entry.beside_others ? kBesideOthers : 0));
  out.Uint64(ToNumber(entry.from));
  out.Uint64(lasts ? 0 : ToNumber(entry.to));
  out.Uint8(entry.address.is_ipv4() ? 4 : 6);
  out.Bytes(entry.address.ToBytes());
  WriteText(entry.service, &out);
  WriteText(entry.node, &out);
  return std::string(AsText(out.bytes()));
}

std::string SerializeSegment(uint64_t number, absl::Time written_at,
                             std::string_view entries) {
  net::ByteWriter out;
  out.Uint64(number);
  out.Uint64(ToNumber(written_at));
  out.Bytes(AsBytes(entries));
  return SealStateValue(kFormat, AsText(out.bytes()));
}

absl::StatusOr<HistorySegment> ParseSegment(std::string_view bytes) {
  LB_ASSIGN_OR_RETURN(const std::string_view body,
                      OpenStateValue(kFormat, bytes));
  net::ByteReader in(AsBytes(body));
  HistorySegment segment;
  segment.number = in.Uint64();
  segment.written_at = ToTime(in.Uint64());
  if (!in.ok()) return absl::DataLossError("cut short: no number and time");
  while (!in.rest().empty()) {
    auto entry = ReadEntry(&in);
    if (!entry) {
      return absl::DataLossError(
          fmt::format("entry {}: damaged", segment.entries.size()));
    }
    segment.entries.push_back(*std::move(entry));
  }
  return segment;
}

}  // namespace lb::history
