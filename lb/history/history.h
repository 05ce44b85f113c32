// History: which node announced which address, from when to when, as one node
// saw it.
//
// Records each change of announcer. Keeps open entries and the newest closed
// ones, and returns the entries to persist. On disk it is a ring of segments
// (history_codec.h) to which entries are only added. When a segment is full,
// the next one takes the place of the oldest. Open entries of the oldest
// segment are written again, so an announcement that lasts for months is not
// forgotten.
//
// Pure: no I/O, no clock; times are civil. Bounded by HistoryLimits.
//
//   History history("n1");
//   history.Restore(std::move(segments));
//   history.Observe(now, {.seen = ..., .live = ...});
//   for (const auto& [place, value] : history.TakeUnsaved(now)) Write(...);
#ifndef LB_HISTORY_HISTORY_H_
#define LB_HISTORY_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/history/history_codec.h"
#include "lb/net/ip_address.h"

namespace lb::history {

struct HistoryLimits {
  uint64_t segments = 64;           // 2 or more.
  size_t segment_bytes = 64 << 10;  // A segment may exceed it by one entry.
  size_t closed_max = 4096;         // Closed entries, in memory.
  size_t open_max = 20'000;         // Open ones; more are not recorded.
};

// A node that announces a service's address. An address that several nodes
// announce is there once for each of them.
struct SeenAnnouncement {
  std::string_view service;
  net::IpAddress address;
  std::string_view node = {};  // Empty: no node announces it.
};

struct HistoryView {
  // By service, address and node, each once.
  std::vector<SeenAnnouncement> seen;
  std::set<std::string, std::less<>> live;  // Members that are up, and itself.
  // `seen` has these services only; nullopt: it has all.
  std::optional<std::set<std::string, std::less<>>> services = {};
};

class History {
 public:
  // Another node's announcement from before this node's restart may still prove
  // to last, until this long after the first Observe().
  static constexpr absl::Duration kConfirmTime = absl::Seconds(10);

  explicit History(std::string node, HistoryLimits limits = {})
      : node_(std::move(node)), limits_(limits) {}

  // Takes the segments of earlier runs, in any order. Call it first. This
  // node's own announcements ended with the newest `written_at`.
  void Restore(std::vector<HistorySegment> segments);

  // Takes the announcements from `now` on. REQUIRES: `view` has all services if
  // WantsAll(). Otherwise it may have the changed ones only, and the cost
  // depends on their number.
  void Observe(absl::Time now, const HistoryView& view);
  bool WantsAll() const { return is_behind_ || left_out_ > 0; }
  // True at first and after EndOwn(): Observe() is due even if nothing changed.
  bool is_behind() const { return is_behind_; }
  // Ends this node's own announcements: it announces nothing from `at` on.
  void EndOwn(absl::Time at, HistoryEnd end);
  // Ends the announcements that kConfirmTime has shown to be over.
  void EndUnconfirmed(absl::Time now);

  // By number. Numbers count up from 1 in each run, in the order in which the
  // announcements began. Announcements that were over at Restore() come first,
  // in the order in which they ended.
  const std::map<uint64_t, HistoryEntry>& entries() const { return entries_; }
  size_t open() const { return open_.size(); }  // Entries that last.
  bool announces() const { return own_ > 0; }  // This node announces something.
  const std::string& node() const { return node_; }
  // The number of announcements in the last Observe() beyond open_max.
  size_t left_out() const { return left_out_; }

  // Returns the segments that have unsaved entries, by their place in the ring,
  // oldest first. Call OnSaved() after each, before the next TakeUnsaved().
  std::vector<std::pair<uint64_t, std::string>> TakeUnsaved(absl::Time now);
  // Tells whether all of them were written. If not, they stay unsaved.
  void OnSaved(bool written);
  bool has_unsaved() const { return dirty_ || !full_.empty(); }
  // Marks the newest segment as unsaved, so that its new time says that this
  // node runs.
  void Touch() { dirty_ = true; }

 private:
  // Service, address, node.
  using Key = std::tuple<std::string, net::IpAddress, std::string>;
  struct Open {
    uint64_t entry = 0;
    uint64_t segment = 0;   // The segment that has it on disk.
    bool restored = false;  // From disk, and not seen since.
  };
  using OpenMap = std::map<Key, Open>;

  void Replay(const HistoryEntry& entry, uint64_t segment);
  OpenMap::iterator Forget(OpenMap::iterator it);
  void ForgetOthersBefore(const HistoryEntry& entry);
  // Compares open entries from `it` on with `seen`: those of `service`, or of
  // all services if it is nullptr.
  void ObserveFrom(OpenMap::iterator it, const std::string* service,
                   absl::Time now, absl::Span<const SeenAnnouncement> all_seen,
                   const HistoryView& view);
  // Does the same for one address, to which `seen` and the entries from `it` on
  // belong. Returns the first entry beyond it.
  OpenMap::iterator ObserveAddress(OpenMap::iterator it, absl::Time now,
                                   absl::Span<const SeenAnnouncement> seen,
                                   const HistoryView& view);
  OpenMap::iterator End(OpenMap::iterator it, absl::Time at, HistoryEnd end);
  void Begin(const SeenAnnouncement& seen, absl::Time now);
  HistoryEnd EndOf(const Open& open, bool is_announced,
                   const HistoryView& view) const;
  // True if any node announces the address.
  bool IsOpen(std::string_view service, const net::IpAddress& address) const;
  void KeepClosed(uint64_t number);
  void Append(const HistoryEntry& entry);
  void StartSegment();

  const std::string node_;
  const HistoryLimits limits_;
  std::map<uint64_t, HistoryEntry> entries_;
  OpenMap open_;
  std::deque<uint64_t> closed_;  // Numbers, by their end.
  size_t own_ = 0;               // This node's entries in open_.
  uint64_t last_entry_ = 0;
  size_t left_out_ = 0;
  bool is_behind_ = true;
  absl::Time confirm_until_ = absl::InfiniteFuture();

  uint64_t segment_ = 1;  // The newest.
  std::string bytes_;     // Its entries.
  bool dirty_ = false;
  std::map<uint64_t, std::string> full_;  // Full ones, unsaved.
  std::map<uint64_t, std::string> saving_;
};

}  // namespace lb::history

#endif  // LB_HISTORY_HISTORY_H_
