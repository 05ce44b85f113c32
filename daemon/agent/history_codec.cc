#include "daemon/agent/history_codec.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

constexpr std::string_view kMagic = "LBHS";
constexpr uint8_t kVersion = 1;
constexpr size_t kDigestSize = 32;
constexpr size_t kTextSizeMax = UINT16_MAX;

absl::Span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string AsText(absl::Span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string Sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  LB_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(),
                      nullptr) == 1);
  return AsText({digest, size});
}

uint64_t ToNumber(absl::Time time) {
  return static_cast<uint64_t>(absl::ToUnixMicros(time));
}

absl::Time ToTime(uint64_t number) {
  return absl::FromUnixMicros(static_cast<int64_t>(number));
}

void WriteText(std::string_view text, net::ByteWriter* out) {
  text = text.substr(0, kTextSizeMax);
  out->Uint16(static_cast<uint16_t>(text.size()));
  out->Bytes(AsBytes(text));
}

// Nullopt: cut short, or no entry.
std::optional<HistoryEntry> ReadEntry(net::ByteReader* in) {
  HistoryEntry entry;
  const uint8_t end = in->Uint8();
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
  out.Uint8(static_cast<uint8_t>(entry.end));
  out.Uint64(ToNumber(entry.from));
  out.Uint64(lasts ? 0 : ToNumber(entry.to));
  out.Uint8(entry.address.is_ipv4() ? 4 : 6);
  out.Bytes(entry.address.ToBytes());
  WriteText(entry.service, &out);
  WriteText(entry.node, &out);
  return AsText(out.bytes());
}

std::string SerializeSegment(uint64_t number, absl::Time written_at,
                             std::string_view entries) {
  net::ByteWriter out;
  out.Bytes(AsBytes(kMagic));
  out.Uint8(kVersion);
  out.Uint64(number);
  out.Uint64(ToNumber(written_at));
  std::string bytes = AsText(out.bytes());
  bytes += entries;
  bytes += Sha256(bytes);
  return bytes;
}

absl::StatusOr<HistorySegment> ParseSegment(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 1 + 8 + 8 + kDigestSize) {
    return absl::DataLossError(
        fmt::format("{} bytes: cut short", bytes.size()));
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kDigestSize);
  net::ByteReader in(AsBytes(body));
  if (AsText(in.Take(kMagic.size())) != kMagic) {
    return absl::DataLossError("no segment of a history");
  }
  const uint8_t version = in.Uint8();
  if (version != kVersion) {
    return absl::DataLossError(
        fmt::format("version {}, want {}", version, kVersion));
  }
  if (Sha256(body) != bytes.substr(body.size())) {
    return absl::DataLossError("damaged or cut short: the checksum is another");
  }
  HistorySegment segment;
  segment.number = in.Uint64();
  segment.written_at = ToTime(in.Uint64());
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

}  // namespace lb
