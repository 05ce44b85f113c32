// LedgerJournal: bytes of what changed in a ledger after a file of it was
// written.
//
// journal = "LBLJ" version:u8 number:u64 entry*
// entry   = size:u32 written:i64 message sha256:32
//
// `message` is a ledger message (ledger_codec.h) of `size` bytes, `written` is
// civil time in microseconds. `sha256` is over the head of the journal and over
// all of its entry before it. Numbers are big-endian. Entries are only added;
// they count in their order: a later record of a service replaces an earlier
// one, whatever their generations, because a ledger forgets old releases.
//
// A journal that is cut short or damaged is read up to there.
#ifndef LB_IPAM_LEDGER_JOURNAL_H_
#define LB_IPAM_LEDGER_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/ipam/ledger.h"

namespace lb::ipam {

struct LedgerJournal {
  uint64_t number = 0;  // Generation of the file that it follows.
  absl::Time written_at = absl::InfinitePast();  // The last entry's.
  std::vector<Record> records;                   // In the order of writing.
  size_t intact = 0;  // How many bytes are read; more may be added after them.
  // OK: these were all. DataLoss: why the rest is not read.
  absl::Status damage;
};

std::string SerializeJournalHead(uint64_t number);

// Adds an entry. REQUIRES: `journal` begins with a head.
void AppendEntry(absl::Span<const Record> records, absl::Time written_at,
                 std::string* journal);

LedgerJournal ParseJournal(std::string_view bytes);

}  // namespace lb::ipam

#endif  // LB_IPAM_LEDGER_JOURNAL_H_
