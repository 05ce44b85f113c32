// FactsTable: the facts of the hosts of all members, as they tell each other.
//
// Each node tells its own facts under a stamp. For a member that is up, those
// facts count whose digest is in its gossip metadata; a later stamp with
// another digest waits for the metadata. For other nodes the later stamp
// counts. A node that gets facts of its own under a later stamp (its clock ran
// back) takes a later one and tells its facts again.
//
// A host keeps its addresses while its lbd is down: facts stay until the member
// has not been up for kLifetime. Messages carry that age, no times: clocks
// differ.
//
//   message = "lbf" version(1) { entry }               numbers big-endian
//   entry   = size(1) node stamp(8) age(4) size(2) facts      age: seconds
//   request = "lbq" version(1) size(1) node      asks for the receiver's facts
//
// The facts are kept and passed on as their bytes, so that parts which a later
// version appends survive. Bounded: kNodesMax nodes, kHostFactsSizeMax each,
// kMessageSizeMax told. Pure bookkeeping, loop thread only.
#ifndef LB_DAEMON_HOSTS_FACTS_TABLE_H_
#define LB_DAEMON_HOSTS_FACTS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/hosts/host_facts.h"

namespace lb {

class FactsTable {
 public:
  static constexpr size_t kNodesMax = 4096;
  static constexpr size_t kMessageSizeMax = 1 << 20;
  // A stamp beyond is refused: its node could never outbid it.
  static constexpr uint64_t kStampMax = uint64_t{1} << 62;
  static constexpr absl::Duration kLifetime = absl::Hours(1);

  struct Entry {
    uint64_t stamp = 0;
    std::string bytes;
    uint64_t digest = 0;  // The digest of `bytes`.
    HostFacts facts;
    absl::Time up_at;  // When the member was last known to be up; loop time.
  };

  explicit FactsTable(std::string self) : self_(std::move(self)) {}

  // Sets this host's facts, within the bounds. True: they have changed.
  bool SetOwn(const HostFacts& facts, absl::Time now, absl::Time civil_now);
  uint64_t own_digest() const { return own_digest_; }
  // This node's entry must be told again.
  bool has_news() const { return own_news_; }
  bool TakeNews() { return std::exchange(own_news_, false); }

  // The members that are up at `now`, with the digests that they give;
  // forgets what is older than kLifetime. True: something was forgotten.
  bool SetMembers(const std::map<std::string, std::optional<uint64_t>>& members,
                  absl::Time now);
  // True if it has facts of nodes that are not up.
  bool HasAbsent() const;
  // Members that are up and whose facts are not here as their digest says.
  std::vector<std::string> Missing() const;

  // Returns of how many other nodes it brought new facts. `age`: how long ago
  // the message was made, which adds to the ages in it. InvalidArgument: some
  // is damaged; the other entries count.
  absl::StatusOr<size_t> Merge(std::string_view message, absl::Time now,
                               absl::Duration age = absl::ZeroDuration());
  // All, this node first; without the last ones if they do not fit.
  std::string FullMessage(absl::Time now) const;
  // This node's alone; empty while it has none.
  std::string OwnMessage() const;

  // By node, this one included.
  const std::map<std::string, Entry>& entries() const { return entries_; }
  // Counts the changes of the facts in entries().
  uint64_t version() const { return version_; }
  // Nodes that were not taken up because the table was full.
  uint64_t overflowed() const { return overflowed_; }

 private:
  bool MergeEntry(const std::string& node, Entry offered);
  // Makes room in a full table. False: it stays full.
  bool MakeRoomFor(const std::string& node);
  // Takes an entry for a node that is known.
  void Accept(const std::string& node, Entry offered);
  std::optional<uint64_t> DigestOf(const std::string& node) const;
  bool MergeOwn(const Entry& offered);
  void Append(const std::string& node, const Entry& entry, absl::Time now,
              std::string* out) const;

  const std::string self_;
  uint64_t own_digest_ = 0;
  bool own_news_ = false;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Entry>
      waiting_;  // For metadata; of members that are up.
  std::map<std::string, std::optional<uint64_t>> members_;
  uint64_t version_ = 0;
  uint64_t overflowed_ = 0;
};

bool IsFactsMessage(std::string_view message);

// Asks the receiver for its facts, to be sent to `node`.
std::string FactsRequest(std::string_view node);
// Nullopt: the message is none.
std::optional<std::string> ParseFactsRequest(std::string_view message);

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_FACTS_TABLE_H_
