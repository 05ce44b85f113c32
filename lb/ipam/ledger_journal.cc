#include "lb/ipam/ledger_journal.h"

#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/sha256.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::ipam {
namespace {

constexpr std::string_view kMagic = "LBLJ";
constexpr uint8_t kVersion = 1;
constexpr size_t kJournalHeadSize = 4 + 1 + 8;
constexpr size_t kEntryHeadSize = 4 + 8;

absl::StatusOr<uint64_t> ParseHead(std::string_view bytes) {
  if (bytes.size() < kJournalHeadSize) {
    return absl::DataLossError(
        fmt::format("cut short: {} bytes, want at least {}", bytes.size(),
                    kJournalHeadSize));
  }
  if (!bytes.starts_with(kMagic)) {
    return absl::DataLossError(
        fmt::format("no magic {}, want it first", kMagic));
  }
  net::ByteReader in(AsBytes(bytes.substr(kMagic.size())));
  const uint8_t version = in.Uint8();
  if (version != kVersion) {
    return absl::DataLossError(
        fmt::format("format version {}, want {}", version, kVersion));
  }
  return in.Uint64();
}

struct Entry {
  absl::Time written_at;
  std::vector<Record> records;
  size_t size = 0;  // In bytes.
};

// The entry that `rest` begins with.
absl::StatusOr<Entry> ParseEntry(std::string_view head, std::string_view rest) {
  net::ByteReader in(AsBytes(rest));
  const size_t message_size = in.Uint32();
  const auto written = static_cast<int64_t>(in.Uint64());
  const size_t size = kEntryHeadSize + message_size + Sha256::kSize;
  if (!in.ok() || rest.size() < size) {
    return absl::DataLossError(
        fmt::format("cut short: {} bytes, want {}", rest.size(), size));
  }
  const std::string_view checked =
      rest.substr(0, kEntryHeadSize + message_size);
  if (AsText(Sha256().Add(head).Add(checked).Finish()) !=
      rest.substr(checked.size(), Sha256::kSize)) {
    return absl::DataLossError("checksum differs, want that of the content");
  }
  Entry entry = {.written_at = absl::FromUnixMicros(written), .size = size};
  LB_ASSIGN_OR_RETURN(entry.records,
                      ParseMessage(checked.substr(kEntryHeadSize)));
  return entry;
}

}  // namespace

std::string SerializeJournalHead(uint64_t number) {
  net::ByteWriter out;
  out.Uint8(kVersion);
  out.Uint64(number);
  return fmt::format("{}{}", kMagic, AsText(out.bytes()));
}

void AppendEntry(absl::Span<const Record> records, absl::Time written_at,
                 std::string* journal) {
  LB_CHECK(journal->size() >= kJournalHeadSize);
  const std::string message = SerializeMessage(records);
  LB_CHECK(message.size() <= kMessageSizeMax);
  net::ByteWriter head;
  head.Uint32(static_cast<uint32_t>(message.size()));
  head.Uint64(static_cast<uint64_t>(absl::ToUnixMicros(written_at)));
  const size_t begin = journal->size();
  journal->append(AsText(head.bytes())).append(message);
  const std::string_view all = *journal;
  const Sha256::Digest digest = Sha256()
                                    .Add(all.substr(0, kJournalHeadSize))
                                    .Add(all.substr(begin))
                                    .Finish();
  journal->append(AsText(digest));
}

LedgerJournal ParseJournal(std::string_view bytes) {
  LedgerJournal journal;
  const absl::StatusOr<uint64_t> number = ParseHead(bytes);
  if (!number.ok()) {
    journal.damage = Prefixed("ledger journal", number.status());
    return journal;
  }
  journal.number = *number;
  journal.intact = kJournalHeadSize;
  for (int place = 1; journal.intact < bytes.size(); ++place) {
    auto entry = ParseEntry(bytes.substr(0, kJournalHeadSize),
                            bytes.substr(journal.intact));
    if (!entry.ok()) {
      journal.damage = absl::DataLossError(fmt::format(
          "ledger journal: entry {}: {}; it and what follows is not read",
          place, entry.status().message()));
      return journal;
    }
    journal.intact += entry->size;
    journal.written_at = entry->written_at;
    std::move(entry->records.begin(), entry->records.end(),
              std::back_inserter(journal.records));
  }
  return journal;
}

}  // namespace lb::ipam
