#include "lb/ipam/ledger_codec.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "fmt/format.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "lb/base/bytes.h"
#include "lb/base/status_macros.h"
#include "lb/ipam/ledger.pb.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::ipam {
namespace {

namespace proto = ledger::v1;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr std::string_view kMessageMagic = "LBLM";
constexpr std::string_view kFileMagic = "LBLF";
constexpr uint8_t kFormatVersion = 1;
constexpr size_t kHeadSize = 5;              // Magic and version.
constexpr size_t kFileHeadSize = 5 + 8 + 8;  // And generation, time.
constexpr size_t kFileTailSize = Sha256::kSize + 8;
// What record_count and one record's tag and length may add to its own size.
constexpr size_t kCountSizeMax = 6;
constexpr size_t kRecordHeadSizeMax = 6;
// A record at all its limits takes under 10 KiB; the rest is for later fields.
constexpr size_t kRecordSizeMax = 16 << 10;
constexpr uint32_t kCountTag =
    WireFormatLite::MakeTag(proto::LedgerMessage::kRecordCountFieldNumber,
                            WireFormatLite::WIRETYPE_VARINT);
constexpr uint32_t kRecordTag =
    WireFormatLite::MakeTag(proto::LedgerMessage::kRecordsFieldNumber,
                            WireFormatLite::WIRETYPE_LENGTH_DELIMITED);

void ToProto(const Stamp& stamp, proto::Stamp* out) {
  out->set_microseconds(stamp.microseconds);
  out->set_author(stamp.author);
}

void ToProto(const Record& record, proto::Record* out) {
  out->set_service(record.service);
  out->set_generation(record.generation);
  ToProto(record.changed, out->mutable_changed());
  for (const Claim& claim : record.claims) {
    proto::Claim* const c = out->add_claims();
    c->set_address(std::string(AsText(claim.address.ToBytes())));
    c->set_pool(claim.pool);
    ToProto(claim.stamp, c->mutable_stamp());
  }
  out->set_provisional(record.provisional);
  for (const Freed& freed : record.freed) {
    proto::Freed* const f = out->add_freed();
    f->set_address(std::string(AsText(freed.address.ToBytes())));
    f->set_microseconds(freed.microseconds);
  }
}

Stamp FromProto(const proto::Stamp& stamp) {
  return {.microseconds = stamp.microseconds(), .author = stamp.author()};
}

absl::StatusOr<Record> FromProto(const proto::Record& in) {
  Record record = {.service = in.service(),
                   .generation = in.generation(),
                   .changed = FromProto(in.changed()),
                   .provisional = in.provisional()};
  for (const proto::Claim& c : in.claims()) {
    LB_ASSIGN_OR_RETURN(const net::IpAddress address,
                        net::IpAddress::FromBytes(AsBytes(c.address())));
    record.claims.push_back({address, c.pool(), FromProto(c.stamp())});
  }
  for (const proto::Freed& f : in.freed()) {
    LB_ASSIGN_OR_RETURN(const net::IpAddress address,
                        net::IpAddress::FromBytes(AsBytes(f.address())));
    record.freed.push_back({address, f.microseconds()});
  }
  LB_RETURN_IF_ERROR(Validate(record));
  return record;
}

std::vector<const Record*> ByService(absl::Span<const Record> records) {
  std::vector<const Record*> sorted;
  sorted.reserve(records.size());
  for (const Record& record : records) sorted.push_back(&record);
  std::sort(sorted.begin(), sorted.end(), [](const Record* a, const Record* b) {
    return a->service < b->service;
  });
  return sorted;
}

std::string SerializeBody(absl::Span<const Record* const> records) {
  proto::LedgerMessage message;
  message.set_record_count(static_cast<uint32_t>(records.size()));
  message.mutable_records()->Reserve(static_cast<int>(records.size()));
  for (const Record* record : records) ToProto(*record, message.add_records());
  return message.SerializeAsString();  // In field order; it has no maps.
}

absl::Status Malformed() {
  return absl::InvalidArgumentError("ledger: malformed, want a LedgerMessage");
}

absl::StatusOr<Record> ReadRecord(CodedInputStream& in) {
  uint32_t size = 0;
  if (!in.ReadVarint32(&size)) return Malformed();
  if (size > kRecordSizeMax) {
    return absl::InvalidArgumentError(fmt::format(
        "ledger: record of {} bytes, want at most {}", size, kRecordSizeMax));
  }
  std::string bytes;
  proto::Record record;
  if (!in.ReadString(&bytes, static_cast<int>(size)) ||
      !record.ParseFromString(bytes)) {
    return Malformed();
  }
  return FromProto(record);
}

// Reads a LedgerMessage one record at a time: parsed whole, a hostile one would
// take many times its size in memory before anything could be counted.
absl::StatusOr<std::vector<Record>> ParseBody(std::string_view bytes) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  std::vector<Record> records;
  std::optional<uint32_t> said;
  while (const uint32_t tag = in.ReadTag()) {
    if (tag == kCountTag) {
      if (!in.ReadVarint32(&said.emplace())) return Malformed();
    } else if (tag == kRecordTag) {
      if (records.size() == kRecordsMax) {
        return absl::InvalidArgumentError(fmt::format(
            "ledger: too many records, want at most {}", kRecordsMax));
      }
      LB_ASSIGN_OR_RETURN(Record record, ReadRecord(in));
      records.push_back(std::move(record));
    } else if (!WireFormatLite::SkipField(&in, tag)) {
      return Malformed();
    }
  }
  if (!in.ConsumedEntireMessage() || !said) return Malformed();
  if (records.size() != *said) {
    return absl::InvalidArgumentError(fmt::format(
        "ledger: {} records, want {} as it says", records.size(), *said));
  }
  return records;
}

std::string WithHead(absl::Span<const Record* const> records) {
  std::string bytes(kMessageMagic);
  bytes.push_back(static_cast<char>(kFormatVersion));
  return bytes + SerializeBody(records);
}

absl::Status CheckHead(std::string_view bytes, std::string_view magic) {
  if (bytes.size() < kHeadSize || !bytes.starts_with(magic)) {
    return absl::InvalidArgumentError(
        fmt::format("ledger: {} bytes without the magic {}, want it first",
                    bytes.size(), magic));
  }
  const uint8_t version = static_cast<uint8_t>(bytes[magic.size()]);
  if (version != kFormatVersion) {
    return absl::InvalidArgumentError(fmt::format(
        "ledger: format version {}, want {}", version, kFormatVersion));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsLedgerMessage(std::string_view bytes) {
  return bytes.starts_with(kMessageMagic);
}

std::string SerializeMessage(absl::Span<const Record> records) {
  return WithHead(ByService(records));
}

absl::StatusOr<std::vector<Record>> ParseMessage(std::string_view bytes) {
  if (bytes.size() > kMessageSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("ledger: message of {} bytes, want at most {}",
                    bytes.size(), kMessageSizeMax));
  }
  LB_RETURN_IF_ERROR(CheckHead(bytes, kMessageMagic));
  return ParseBody(bytes.substr(kHeadSize));
}

GossipChunks SplitForGossip(absl::Span<const Record> records,
                            size_t bytes_max) {
  GossipChunks chunks;
  std::vector<const Record*> chunk;
  size_t chunk_size = 0;
  const auto finish = [&] {
    if (!chunk.empty()) chunks.messages.push_back(WithHead(chunk));
    chunk.clear();
    chunk_size = kHeadSize + kCountSizeMax;
  };
  finish();
  for (const Record* record : ByService(records)) {
    proto::Record encoded;
    ToProto(*record, &encoded);
    const size_t size = encoded.ByteSizeLong() + kRecordHeadSizeMax;
    if (kHeadSize + kCountSizeMax + size > bytes_max) {
      ++chunks.left_out;
      continue;
    }
    if (chunk_size + size > bytes_max) finish();
    chunk.push_back(record);
    chunk_size += size;
  }
  finish();
  return chunks;
}

LedgerFileWriter::LedgerFileWriter(uint64_t generation, absl::Time written_at) {
  net::ByteWriter head;
  head.Bytes(AsBytes(kFileMagic));
  head.Uint8(kFormatVersion);
  head.Uint64(generation);
  head.Uint64(static_cast<uint64_t>(absl::ToUnixMicros(written_at)));
  Append(AsText(head.bytes()));
}

// Fields of a message may come in any order, so their count can come last.
void LedgerFileWriter::Add(absl::Span<const Record> records) {
  proto::LedgerMessage message;
  for (const Record& record : records) ToProto(record, message.add_records());
  Append(message.SerializeAsString());
  count_ += static_cast<uint32_t>(records.size());
}

std::string LedgerFileWriter::Finish() && {
  proto::LedgerMessage message;
  message.set_record_count(count_);
  Append(message.SerializeAsString());
  bytes_ += AsText(digest_.Finish());
  net::ByteWriter size;
  size.Uint64(bytes_.size() + sizeof(uint64_t));
  bytes_ += AsText(size.bytes());
  return std::move(bytes_);
}

void LedgerFileWriter::Append(std::string_view bytes) {
  digest_.Add(bytes);
  bytes_ += bytes;
}

std::string SerializeFile(const LedgerFile& file) {
  LedgerFileWriter writer(file.generation, file.written_at);
  writer.Add(file.records);
  return std::move(writer).Finish();
}

absl::StatusOr<LedgerFile> ParseFile(std::string_view bytes) {
  const auto refuse = [](absl::string_view what) {
    return absl::DataLossError(absl::StrCat("ledger file: ", what));
  };
  if (bytes.size() < kFileHeadSize + kFileTailSize) {
    return refuse(fmt::format("cut short: {} bytes, want at least {}",
                              bytes.size(), kFileHeadSize + kFileTailSize));
  }
  if (const absl::Status head = CheckHead(bytes, kFileMagic); !head.ok()) {
    return refuse(head.message());
  }
  const uint64_t size =
      net::ByteReader(AsBytes(bytes.substr(bytes.size() - 8))).Uint64();
  if (size != bytes.size()) {
    return refuse(fmt::format("cut short or grown: {} bytes, want {}",
                              bytes.size(), size));
  }
  const std::string_view checked =
      bytes.substr(0, bytes.size() - kFileTailSize);
  if (AsText(Sha256::Of(checked)) !=
      bytes.substr(checked.size(), Sha256::kSize)) {
    return refuse("checksum differs, want that of the content");
  }
  net::ByteReader in(AsBytes(checked.substr(kHeadSize)));
  LedgerFile file = {.generation = in.Uint64()};
  file.written_at = absl::FromUnixMicros(static_cast<int64_t>(in.Uint64()));
  absl::StatusOr<std::vector<Record>> records = ParseBody(AsText(in.rest()));
  if (!records.ok()) return refuse(records.status().message());
  file.records = *std::move(records);
  return file;
}

}  // namespace lb::ipam
