// History: which node announced which address, from when to when, as one node
// saw it.
//
// Records each change of announcer. Keeps open entries and the newest closed
// ones, and returns the entries to persist. It is on disk as a ring of segments
// (history_codec.h) to which entries are only added; a segment that is full is
// followed by the next, which takes the place of the oldest. Entries of that
// one that still last are written again, so an announcement that lasts for
// months is not forgotten.
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
  size_t segment_bytes = 64 << 10;  // One may have one entry more.
  size_t closed_max = 4096;         // Entries that are over, in memory.
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
  // For so long after the first Observe() what another node announced before
  // this one's restart may still turn out to last.
  static constexpr absl::Duration kConfirmTime = absl::Seconds(10);

  explicit History(std::string node, HistoryLimits limits = {})
      : node_(std::move(node)), limits_(limits) {}

  // Takes the segments of earlier runs, in any order; the first call. This
  // node's own announcements ended with the newest `written_at`.
  void Restore(std::vector<HistorySegment> segments);

  // Takes the announcements from `now` on. REQUIRES: `view` has all services if
  // WantsAll(); else the cost goes with its services.
  void Observe(absl::Time now, const HistoryView& view);
  bool WantsAll() const { return is_behind_ || left_out_ > 0; }
  // At first, and after EndOwn(): a view is due, whatever has changed.
  bool is_behind() const { return is_behind_; }
  // Nothing is announced by this node from `at` on.
  void EndOwn(absl::Time at, HistoryEnd end);
  // Ends what kConfirmTime has shown to be over.
  void EndUnconfirmed(absl::Time now);

  // By number: they count up from 1 in each run, in the order of beginning, but
  // for what was over at Restore(), which has the order of its end.
  const std::map<uint64_t, HistoryEntry>& entries() const { return entries_; }
  size_t open() const { return open_.size(); }  // Entries that last.
  bool announces() const { return own_ > 0; }   // This node, something.
  const std::string& node() const { return node_; }
  // Announcements of the last Observe() beyond open_max.
  size_t left_out() const { return left_out_; }

  // Segments with what was not saved yet, by their place in the ring, oldest
  // first. Each is to be followed by OnSaved() before the next.
  std::vector<std::pair<uint64_t, std::string>> TakeUnsaved(absl::Time now);
  // Were all of them written? Else they are unsaved still.
  void OnSaved(bool written);
  bool has_unsaved() const { return dirty_ || !full_.empty(); }
  // The newest segment is to be written again: to say that this node runs.
  void Touch() { dirty_ = true; }

 private:
  // Service, address, node.
  using Key = std::tuple<std::string, net::IpAddress, std::string>;
  struct Open {
    uint64_t entry = 0;
    uint64_t segment = 0;   // Where it is written.
    bool restored = false;  // And not seen since.
  };
  using OpenMap = std::map<Key, Open>;

  void Replay(const HistoryEntry& entry, uint64_t segment);
  OpenMap::iterator Forget(OpenMap::iterator it);
  void ForgetOthersBefore(const HistoryEntry& entry);
  // From `it` on: of that service, nullptr: of all.
  void ObserveFrom(OpenMap::iterator it, const std::string* service,
                   absl::Time now, absl::Span<const SeenAnnouncement> all_seen,
                   const HistoryView& view);
  // `seen` is of one address, as those from `it` on; returns the first beyond.
  OpenMap::iterator ObserveAddress(OpenMap::iterator it, absl::Time now,
                                   absl::Span<const SeenAnnouncement> seen,
                                   const HistoryView& view);
  OpenMap::iterator End(OpenMap::iterator it, absl::Time at, HistoryEnd end);
  void Begin(const SeenAnnouncement& seen, absl::Time now);
  HistoryEnd EndOf(const Open& open, bool is_announced,
                   const HistoryView& view) const;
  // Does a node announce the address?
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
  std::map<uint64_t, std::string> full_;  // Unsaved ones before it.
  std::map<uint64_t, std::string> saving_;
};

}  // namespace lb::history

#endif  // LB_HISTORY_HISTORY_H_
