#include "lb/config/last_good.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/net/byte_reader.h"

namespace lb::config {
namespace {

enum class RecordKind : uint8_t {
  kObject = 0,
  kReadPath = 1,
  kFaultyService = 2,
  kStranger = 3
};

struct Record {
  RecordKind kind = RecordKind::kObject;
  std::string_view key;
  std::string_view file;
  uint32_t number = 0;
  std::string_view text;
};

// FNV-1a. Any part will do, as long as it stays the same.
size_t PartOf(std::string_view key) {
  uint32_t hash = 2166136261;
  for (const char c : key) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  return hash % kLastGoodParts;
}

void AppendNumber(uint32_t number, int bytes, std::string* out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    *out += static_cast<char>(number >> shift);
  }
}

class Writer {
 public:
  void Add(const Record& record) {
    std::string& part = out_.parts[PartOf(record.key)];
    constexpr size_t kTextMax = std::numeric_limits<uint16_t>::max();
    const size_t size =
        16 + record.key.size() + record.file.size() + record.text.size();
    if (record.key.size() > kTextMax || record.file.size() > kTextMax ||
        record.text.size() > kLastGoodTextBytesMax ||
        part.size() + size > kLastGoodPartBytesMax) {
      ++out_.left_out;
      return;
    }
    part += static_cast<char>(record.kind);
    AppendNumber(record.key.size(), 2, &part);
    part += record.key;
    AppendNumber(record.file.size(), 2, &part);
    part += record.file;
    AppendNumber(record.number, 4, &part);
    AppendNumber(record.text.size(), 4, &part);
    part += record.text;
  }

  LastGoodParts Take() { return std::move(out_); }

 private:
  LastGoodParts out_;
};

}  // namespace

LastGoodParts SerializeLastGood(const Desired& desired) {
  Writer out;
  // First what is small, as more of it is lost with one record.
  for (const std::string& path : desired.read_paths) {
    out.Add({.kind = RecordKind::kReadPath, .key = path});
  }
  for (const auto& [service, file] : desired.faulty_services) {
    out.Add({.kind = RecordKind::kFaultyService, .key = service, .file = file});
  }
  for (const auto& [file, count] : desired.strangers) {
    out.Add({.kind = RecordKind::kStranger,
             .key = file,
             .number = static_cast<uint32_t>(count)});
  }
  for (const auto& [name, object] : desired.objects) {
    out.Add({.kind = RecordKind::kObject,
             .key = name,
             .file = object.origin.file(),
             .number = static_cast<uint32_t>(object.origin.line()),
             .text = object.text});
  }
  return out.Take();
}

absl::Status ParseLastGoodPart(std::string_view part, LastGood* last_good) {
  net::ByteReader in(AsBytes(part));
  for (size_t count = 0; !in.rest().empty(); ++count) {
    const uint8_t kind = in.Uint8();
    std::string key(AsText(in.Take(in.Uint16())));
    std::string file(AsText(in.Take(in.Uint16())));
    const uint32_t number = in.Uint32();
    std::string text(AsText(in.Take(in.Uint32())));
    if (!in.ok() || kind > static_cast<uint8_t>(RecordKind::kStranger)) {
      return absl::DataLossError(fmt::format("record {}: damaged", count));
    }
    switch (static_cast<RecordKind>(kind)) {
      case RecordKind::kObject:
        last_good->objects[std::move(key)] = {
            std::move(file), static_cast<int>(number), std::move(text)};
        break;
      case RecordKind::kReadPath:
        last_good->read_paths.insert(std::move(key));
        break;
      case RecordKind::kFaultyService:
        last_good->faulty_services[std::move(key)] = std::move(file);
        break;
      case RecordKind::kStranger:
        last_good->strangers[std::move(key)] = number;
        break;
    }
  }
  return absl::OkStatus();
}

}  // namespace lb::config
