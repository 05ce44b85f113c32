#include "lb/ipam/ledger_codec.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/state_value.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"
#include "lb/ipam/ledger.pb.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"
#include "lb/replication/counted_message.h"

namespace lb::ipam {
namespace {

namespace proto = ledger::v1;

constexpr StateFormat kFileFormat = {"LBLF", 1, "ledger"};
constexpr uint8_t kFormatVersion = 1;
constexpr size_t kHeadSize = 5;      // Magic and version.
constexpr size_t kFileTailSize = 8;  // Its own size.
// What record_count and one record's tag and length may add to its own size.
constexpr size_t kCountSizeMax = 6;
constexpr size_t kRecordHeadSizeMax = 6;

const replication::MessageFormat& Format() {
  static const replication::MessageFormat& format =
      *new replication::MessageFormat{
          .magic = "LBLM",
          .version = 1,
          .what = "ledger records",
          .type = "LedgerMessage",
          .size_max = kMessageSizeMax,
          .count_field = proto::LedgerMessage::kRecordCountFieldNumber,
          // A record at all its limits takes under 10 KiB; the rest is for
          // later fields.
          .fields = {{.number = proto::LedgerMessage::kRecordsFieldNumber,
                      .item = "record",
                      .items = "records",
                      .count_max = kRecordsMax,
                      .size_max = 16 << 10}}};
  return format;
}

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

class Draft {
 public:
  void Add(const Record& record) { ToProto(record, message_.add_records()); }

  bool Add(const Record* record, size_t size_max) {
    proto::Record encoded;
    ToProto(*record, &encoded);
    const size_t size = size_ + encoded.ByteSizeLong() + kRecordHeadSizeMax;
    if (size > size_max) return false;
    *message_.add_records() = std::move(encoded);
    size_ = size;
    return true;
  }

  bool is_empty() const { return message_.records().empty(); }

  std::string Serialize() {
    message_.set_record_count(static_cast<uint32_t>(message_.records_size()));
    std::string bytes = replication::MessageHead(Format());
    message_.AppendToString(&bytes);  // In field order; it has no maps.
    return bytes;
  }

 private:
  proto::LedgerMessage message_;
  size_t size_ = kHeadSize + kCountSizeMax;  // At most.
};

absl::Status ReadRecord(std::string_view bytes, std::vector<Record>* records) {
  proto::Record in;
  LB_RETURN_IF_ERROR(replication::ParseItem(bytes, Format(), &in));
  LB_ASSIGN_OR_RETURN(Record record, FromProto(in));
  records->push_back(std::move(record));
  return absl::OkStatus();
}

}  // namespace

bool IsLedgerMessage(std::string_view bytes) {
  return bytes.starts_with(Format().magic);
}

std::string SerializeMessage(absl::Span<const Record> records) {
  Draft draft;
  for (const Record* record : ByService(records)) draft.Add(*record);
  return draft.Serialize();
}

absl::StatusOr<std::vector<Record>> ParseMessage(std::string_view bytes) {
  std::vector<Record> records;
  LB_RETURN_IF_ERROR(replication::ReadMessage(
      bytes, Format(),
      [&](int, std::string_view item) { return ReadRecord(item, &records); }));
  return records;
}

GossipChunks SplitForGossip(absl::Span<const Record> records,
                            size_t bytes_max) {
  return replication::SplitIntoMessages<Draft>(ByService(records), bytes_max);
}

LedgerFileWriter::LedgerFileWriter(uint64_t generation, absl::Time written_at)
    : file_(kFileFormat) {
  net::ByteWriter head;
  head.Uint64(generation);
  head.Uint64(static_cast<uint64_t>(absl::ToUnixMicros(written_at)));
  file_.Add(AsText(head.bytes()));
}

// Fields of a message may come in any order, so their count can come last.
void LedgerFileWriter::Add(absl::Span<const Record> records) {
  proto::LedgerMessage message;
  for (const Record& record : records) ToProto(record, message.add_records());
  file_.Add(message.SerializeAsString());
  count_ += static_cast<uint32_t>(records.size());
}

std::string LedgerFileWriter::Finish() && {
  proto::LedgerMessage message;
  message.set_record_count(count_);
  file_.Add(message.SerializeAsString());
  std::string bytes = std::move(file_).Finish();
  net::ByteWriter size;
  size.Uint64(bytes.size() + kFileTailSize);
  bytes += AsText(size.bytes());
  return bytes;
}

std::string SerializeFile(const LedgerFile& file) {
  LedgerFileWriter writer(file.generation, file.written_at);
  writer.Add(file.records);
  return std::move(writer).Finish();
}

absl::StatusOr<LedgerFile> ParseFile(std::string_view bytes) {
  const auto refuse = [](std::string_view what) {
    return absl::DataLossError(fmt::format("ledger file: {}", what));
  };
  if (bytes.size() < kFileTailSize) return refuse("cut short");
  const std::string_view value = bytes.substr(0, bytes.size() - kFileTailSize);
  const uint64_t size =
      net::ByteReader(AsBytes(bytes.substr(value.size()))).Uint64();
  if (size != bytes.size()) {
    return refuse(fmt::format("cut short or grown: {} bytes, want {}",
                              bytes.size(), size));
  }
  const auto body = OpenStateValue(kFileFormat, value);
  if (!body.ok()) return Prefixed("ledger file", body.status());
  net::ByteReader in(AsBytes(*body));
  LedgerFile file = {.generation = in.Uint64()};
  file.written_at = absl::FromUnixMicros(static_cast<int64_t>(in.Uint64()));
  if (!in.ok()) return refuse("cut short: no generation and time");
  const absl::Status read = replication::ReadMessageBody(
      AsText(in.rest()), Format(), [&](int, std::string_view item) {
        return ReadRecord(item, &file.records);
      });
  if (!read.ok()) return refuse(fmt::format("{}", read.message()));
  return file;
}

}  // namespace lb::ipam
