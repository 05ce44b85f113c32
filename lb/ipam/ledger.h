// Ledger: which service has which addresses, agreed on without a central store.
//
// Every node has a ledger and tells the others what it learns; ledgers that
// have seen the same records are equal, whatever the order, and however often a
// record came. The rule, for each service:
//  1. a firm record beats a provisional one;
//  2. then the higher generation wins;
//  3. at equal generations a record with claims beats a release;
//  4. then the one whose first claim has the earlier stamp;
//  5. then the rest of the content decides, so that no two records tie.
// Two services may claim one address (made on two sides of a partition):
// Replay() (ledger_replay.h) lets the firm claim keep it, then the one with the
// earlier stamp.
//
// A proposal is provisional if its node does not know the others' records: its
// stamps and generations do not count against theirs. A node that knows more
// proposes the same again, firmly, in a first generation with new stamps.
//
// A release stays as a record without claims (a tombstone), because a forgotten
// service would come back from a node that missed the release. Tombstones may
// be dropped once they are older than kTombstoneLifetime: a node must not be
// away for longer and then bring back its old ledger.
//
// Pure: no I/O, no clock but `now` (civil time), one thread. Holds at most
// kRecordsMax records, or fewer, if whole ledgers must fit into a transport;
// records beyond that are refused and counted.
//
//   Ledger ledger("node-a");
//   LB_ASSIGN_OR_RETURN(const Record record,
//                       ledger.Propose("default/web", assignment, now));
//   for (const auto& service : other.Merge({record})) Apply(service);
#ifndef LB_IPAM_LEDGER_H_
#define LB_IPAM_LEDGER_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/ipam/assignment.h"
#include "lb/net/ip_address.h"
#include "lb/replication/replicated_table.h"

namespace lb::ipam {

inline constexpr size_t kRecordsMax = 1'000'000;
inline constexpr size_t kClaimsMax = 8;  // In one record.
inline constexpr size_t kFreedMax = 8;   // In one record.
// Bytes of a service, pool or node name: printable ASCII without spaces.
inline constexpr size_t kNameSizeMax = 512;
// Far beyond use; keeps a hostile record from ending all counting.
inline constexpr uint64_t kGenerationMax = uint64_t{1} << 62;
inline constexpr absl::Duration kTombstoneLifetime = absl::Hours(24);

// Time and author. The earlier is the smaller; equal times go by author.
struct Stamp {
  int64_t microseconds = 0;  // Civil time since the Unix epoch; never negative.
  std::string author;        // Node name.

  friend auto operator<=>(const Stamp&, const Stamp&) = default;
};

// "The service has this address, since then."
struct Claim {
  net::IpAddress address;
  std::string pool;
  Stamp stamp;  // The first proposal that gave it, not a later one.

  friend auto operator<=>(const Claim&, const Claim&) = default;
};

// "The service gave this address up then": what cool-downs and the least
// recently used address go by.
struct Freed {
  net::IpAddress address;
  int64_t microseconds = 0;  // Civil time since the Unix epoch.

  friend auto operator<=>(const Freed&, const Freed&) = default;
};

struct Record {
  std::string service;
  uint64_t generation = 0;    // 1, 2, ...: counts deliberate changes.
  Stamp changed;              // Time and author of this generation.
  std::vector<Claim> claims;  // By address, each once. Empty: a release.
  // By address, none of which is claimed: the latest kFreedMax that are younger
  // than kTombstoneLifetime as of `changed`.
  std::vector<Freed> freed = {};
  bool provisional = false;

  bool is_release() const { return claims.empty(); }

  friend bool operator==(const Record&, const Record&) = default;
};

// InvalidArgument names the first field that breaks a rule or limit above.
absl::Status Validate(const Record& record);

// True if `a` wins over `b`, a record of the same service. This is a total
// order: if two records differ, exactly one wins.
bool Beats(const Record& a, const Record& b);

// True for a release older than kTombstoneLifetime; it is no longer sent.
bool IsForgotten(const Record& record, absl::Time now);

using LedgerCounters = replication::TableCounters;

// The rules of the table; see replication::ReplicatedTable.
struct LedgerRules {
  using Key = std::string;
  using Record = ipam::Record;
  using Time = int64_t;

  static const std::string& KeyOf(const Record& record) {
    return record.service;
  }
  static bool Beats(const Record& a, const Record& b) {
    return ipam::Beats(a, b);
  }
  static bool IsRelease(const Record& record) { return record.is_release(); }
  static int64_t ReleasedAt(const Record& release) {
    return release.changed.microseconds;
  }
  static constexpr bool kReleasesGiveWay = false;
  static constexpr bool kIndexesVersions = true;
};

class Ledger {
 public:
  explicit Ledger(std::string node, size_t records_max = kRecordsMax)
      : node_(std::move(node)), table_(records_max) {}

  // Records a deliberate change: a new generation in which the service has
  // exactly these addresses. An address that it had keeps its stamp. Proposing
  // what is on record already changes nothing, unless only that was
  // provisional. Returns the record, to be told to others. An assignment
  // without addresses is ProposeRelease(). InvalidArgument: a name or count
  // beyond its limit. ResourceExhausted: the ledger is full, or the service is
  // at kGenerationMax.
  absl::StatusOr<Record> Propose(std::string_view service,
                                 const Assignment& assignment, absl::Time now);

  // Records that the service gave up its addresses. NotFound: it has none on
  // record. ResourceExhausted: it is at kGenerationMax.
  absl::StatusOr<Record> ProposeRelease(std::string_view service,
                                        absl::Time now);

  // Makes own proposals about services without a firm record provisional. At
  // first they are not.
  void SetProvisional(bool provisional) { provisional_ = provisional; }
  bool provisional() const { return provisional_; }
  // True if there is a record that is not provisional.
  bool HasFirm() const;

  // Takes in records of other nodes; returns the services whose record changed,
  // by name. REQUIRES: each is valid, as those of ParseMessage() are.
  std::vector<std::string> Merge(absl::Span<const Record> records);

  // ParseMessage() (ledger_codec.h), then Merge(); counts what it refuses.
  absl::StatusOr<std::vector<std::string>> MergeMessage(std::string_view bytes);

  // Nullptr: none. Valid until the ledger changes.
  const Record* Find(std::string_view service) const {
    return table_.Find(service);
  }

  // All records, releases too, by service.
  std::vector<Record> AllRecords() const { return table_.AllRecords(); }
  // The first `count` of these whose service comes after `service`.
  std::vector<Record> RecordsAfter(std::string_view service,
                                   size_t count) const {
    return table_.RecordsAfter(service, count);
  }

  // Counts the changes of this ledger; local, means nothing to other nodes.
  uint64_t version() const { return table_.version(); }
  // Records that changed after version() was `version`, by service.
  std::vector<Record> RecordsSince(uint64_t version) const {
    return table_.RecordsSince(version);
  }

  // Services of RecordsSince(), in no order.
  std::vector<std::string> ServicesSince(uint64_t version) const {
    return table_.KeysSince(version);
  }

  // Forgets releases older than kTombstoneLifetime that came up to `version`;
  // returns their services. A store must have written a release down before: it
  // writes what changes, and nothing of what is forgotten.
  // Keeps releases with a future stamp: a node with a slow clock sees every
  // release that way, and its new assignment would lose to them later.
  std::vector<std::string> DropOldTombstones(absl::Time now,
                                             uint64_t version = UINT64_MAX);

  size_t size() const { return table_.size(); }
  const LedgerCounters& counters() const { return table_.counters(); }
  const std::string& node() const { return node_; }

 private:
  // The next record of a service, without addresses.
  Record Next(std::string_view service, const Record* old,
              absl::Time now) const;
  absl::StatusOr<Record> Accept(Record record);

  std::string node_;
  replication::ReplicatedTable<LedgerRules> table_;
  bool provisional_ = false;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_LEDGER_H_
