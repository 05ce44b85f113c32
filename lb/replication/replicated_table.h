// ReplicatedTable: records by key. Each node has a copy and tells the others
// what is new; where two copies differ, one rule says which record wins.
//
// The rule is a total order, so merging is commutative, associative and
// idempotent: tables that have seen the same records are equal, in whatever
// order and however often a record came. A release (a record that gives its
// key up) stays in the table, because the key would otherwise come back from a
// node that missed the release.
//
// `Rules` says what the records are:
//
//   struct Rules {
//     using Key = std::string;        // Ordered.
//     using Record = ...;             // Has a default value.
//     using Time = int64_t;           // When a release was made; ordered.
//     static const Key& KeyOf(const Record& record);
//     // Does `a` win over `b`, a record of the same key?
//     static bool Beats(const Record& a, const Record& b);
//     static bool IsRelease(const Record& record);
//     static Time ReleasedAt(const Record& release);
//     // May a full table forget its oldest release for a new key?
//     static constexpr bool kReleasesGiveWay = false;
//     // Are KeysSince(), RecordsSince() and DropReleases() used?
//     static constexpr bool kIndexesVersions = true;
//   };
//
// Pure: no I/O, no clock, one thread, copyable.
#ifndef LB_REPLICATION_REPLICATED_TABLE_H_
#define LB_REPLICATION_REPLICATED_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace lb::replication {

struct TableCounters {
  uint64_t records_merged = 0;    // They won over the known records.
  uint64_t records_stale = 0;     // They were known, or lost.
  uint64_t records_refused = 0;   // The table is full.
  uint64_t messages_refused = 0;  // Malformed or oversized.
};

enum class MergeVerdict { kMerged, kStale, kRefused };

template <typename Rules>
class ReplicatedTable {
 public:
  using Key = typename Rules::Key;
  using Record = typename Rules::Record;
  using Time = typename Rules::Time;

  struct Entry {
    Record record;
    uint64_t version = 0;  // The table's, when the record changed.
  };
  using Entries = std::map<Key, Entry, std::less<>>;

  explicit ReplicatedTable(size_t records_max) : records_max_(records_max) {}

  // Nullptr: none. Valid until the table changes.
  template <typename AnyKey>
  const Record* Find(const AnyKey& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second.record;
  }

  // Stores another node's record if it wins. Counts the verdict and returns it.
  MergeVerdict Merge(const Record& record) {
    const Key& key = Rules::KeyOf(record);
    const Record* const known = Find(key);
    if (known != nullptr && !Rules::Beats(record, *known)) {
      ++counters_.records_stale;
      return MergeVerdict::kStale;
    }
    if (known == nullptr && !MakeRoom()) {
      ++counters_.records_refused;
      return MergeVerdict::kRefused;
    }
    ++counters_.records_merged;
    Put(record);
    return MergeVerdict::kMerged;
  }

  // Stores a record of this node, even if the known one would win. False, and
  // counted: the key is new and the table is full.
  bool Store(Record record) {
    if (Find(Rules::KeyOf(record)) == nullptr && !MakeRoom()) {
      ++counters_.records_refused;
      return false;
    }
    Put(std::move(record));
    return true;
  }

  // All records, releases too, by key.
  std::vector<Record> AllRecords() const {
    std::vector<Record> all;
    all.reserve(entries_.size());
    for (const auto& [key, entry] : entries_) all.push_back(entry.record);
    return all;
  }

  // The first `count` records whose key comes after `key`.
  template <typename AnyKey>
  std::vector<Record> RecordsAfter(const AnyKey& key, size_t count) const {
    std::vector<Record> after;
    for (auto i = entries_.upper_bound(key);
         i != entries_.end() && after.size() < count; ++i) {
      after.push_back(i->second.record);
    }
    return after;
  }

  // Returns the keys whose records changed after version() was `version`, in
  // the order of the changes.
  std::vector<Key> KeysSince(uint64_t version) const {
    static_assert(Rules::kIndexesVersions);
    std::vector<Key> since;
    for (auto i = by_version_.upper_bound(version); i != by_version_.end();
         ++i) {
      since.push_back(i->second);
    }
    return since;
  }

  // Returns the records of these keys, by key.
  std::vector<Record> RecordsSince(uint64_t version) const {
    std::vector<Key> keys = KeysSince(version);
    std::sort(keys.begin(), keys.end());
    std::vector<Record> since;
    since.reserve(keys.size());
    for (const Key& key : keys) since.push_back(*Find(key));
    return since;
  }

  // Forgets releases that are older than `time` and came up to `version`;
  // returns their keys.
  std::vector<Key> DropReleases(const Time& time, uint64_t version) {
    static_assert(Rules::kIndexesVersions);
    std::vector<Key> dropped;
    for (auto i = releases_.begin(); i != releases_.end() && i->first < time;) {
      const auto entry = entries_.find(i->second);
      if (entry->second.version > version) {
        ++i;
        continue;
      }
      dropped.push_back(i->second);
      i = releases_.erase(i);
      by_version_.erase(entry->second.version);
      entries_.erase(entry);
    }
    return dropped;
  }

  // Counts records that the owner knows to be in the table.
  void CountStaleRecords(size_t count) { counters_.records_stale += count; }
  // Counts a message that could not be read.
  void CountRefusedMessage() { ++counters_.messages_refused; }
  // Counts a record that the owner refuses for a reason of its own.
  void CountRefusedRecord() { ++counters_.records_refused; }

  const Entries& entries() const { return entries_; }  // By key.
  size_t size() const { return entries_.size(); }
  size_t records_max() const { return records_max_; }
  // Counts the changes of this copy; the number means nothing to other nodes.
  uint64_t version() const { return version_; }
  const TableCounters& counters() const { return counters_; }

 private:
  // Makes room for one record. False: the table is full and stays so.
  bool MakeRoom() {
    if (entries_.size() < records_max_) return true;
    if (!Rules::kReleasesGiveWay || releases_.empty()) return false;
    const auto oldest = entries_.find(releases_.begin()->second);
    if constexpr (Rules::kIndexesVersions) {
      by_version_.erase(oldest->second.version);
    }
    entries_.erase(oldest);
    releases_.erase(releases_.begin());
    return true;
  }

  void Put(Record record) {
    const auto [found, is_new] = entries_.try_emplace(Rules::KeyOf(record));
    const Key& key = found->first;
    Entry& entry = found->second;
    if (!is_new && Rules::IsRelease(entry.record)) {
      releases_.erase({Rules::ReleasedAt(entry.record), key});
    }
    if (Rules::IsRelease(record)) {
      releases_.emplace(Rules::ReleasedAt(record), key);
    }
    ++version_;
    if constexpr (Rules::kIndexesVersions) {
      if (!is_new) by_version_.erase(entry.version);
      by_version_.emplace_hint(by_version_.end(), version_, key);
    }
    entry.version = version_;
    entry.record = std::move(record);
  }

  size_t records_max_;
  Entries entries_;
  std::map<uint64_t, Key> by_version_;       // One for each record.
  std::set<std::pair<Time, Key>> releases_;  // The oldest first.
  uint64_t version_ = 0;
  TableCounters counters_;
};

}  // namespace lb::replication

#endif  // LB_REPLICATION_REPLICATED_TABLE_H_
