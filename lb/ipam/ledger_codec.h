// Bytes of a ledger: gossip messages and the state file. The changes between
// two files are in ledger_journal.h.
//
// message = "LBLM" version:u8 LedgerMessage          (ledger.proto)
// file    = state value "LBLF" (lb/base/state_value.h), size:u64
// body    = generation:u64 written:i64 LedgerMessage   (in the state value)
//
// Numbers are big-endian; `size` is the size of the whole file, `written` is
// civil time in microseconds. The same records give the same bytes: records go
// by service.
//
// The magic tells ledger messages from those of other users of the same gossip.
// A message cut short is refused (it says how many records it has); the
// transport has to detect corruption inside a message. A file detects both.
#ifndef LB_IPAM_LEDGER_CODEC_H_
#define LB_IPAM_LEDGER_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/state_value.h"
#include "lb/ipam/ledger.h"
#include "lb/replication/message_split.h"

namespace lb::ipam {

// A message larger than this is refused unread: a million records of usual
// size.
inline constexpr size_t kMessageSizeMax = 256 << 20;

// True if the bytes are a ledger message, not those of another user of gossip.
bool IsLedgerMessage(std::string_view bytes);

std::string SerializeMessage(absl::Span<const Record> records);

// InvalidArgument: not a message of ours, of another version, too large, cut
// short, or with a record that Validate() refuses.
absl::StatusOr<std::vector<Record>> ParseMessage(std::string_view bytes);

using GossipChunks = replication::SplitMessages;
// The records, by service, in as few messages as fit in that order. A record
// that alone is larger is left to full exchanges.
GossipChunks SplitForGossip(absl::Span<const Record> records, size_t bytes_max);

struct LedgerFile {
  uint64_t generation = 0;      // The file's: 1, 2, ...
  absl::Time written_at;        // Civil time, whole microseconds.
  std::vector<Record> records;  // By service.
};

std::string SerializeFile(const LedgerFile& file);

// The same in parts, for a large ledger.
class LedgerFileWriter {
 public:
  LedgerFileWriter(uint64_t generation, absl::Time written_at);

  void Add(absl::Span<const Record> records);  // By service, over all parts.
  std::string Finish() &&;

 private:
  StateValueSealer file_;
  uint32_t count_ = 0;
};

// DataLoss: what is wrong with the bytes ("cut short", "checksum", ...).
absl::StatusOr<LedgerFile> ParseFile(std::string_view bytes);

}  // namespace lb::ipam

#endif  // LB_IPAM_LEDGER_CODEC_H_
