#include "lb/history/history.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

namespace lb::history {
namespace {

template <typename Key>
bool IsOf(const Key& key, std::string_view service,
          const net::IpAddress& address) {
  return std::get<0>(key) == service && std::get<1>(key) == address;
}

}  // namespace

void History::Restore(std::vector<HistorySegment> segments) {
  std::sort(segments.begin(), segments.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  for (const HistorySegment& segment : segments) {
    segment_ = segment.number;
    bytes_.clear();
    for (const HistoryEntry& entry : segment.entries) {
      Replay(entry, segment.number);
      bytes_ += SerializeEntry(entry);
    }
  }
  if (segments.empty()) return;
  for (auto it = open_.begin(); it != open_.end();) {
    it->second.restored = true;
    if (entries_.at(it->second.entry).node != node_) {
      ++it;
      continue;
    }
    ++own_;
    it = End(it, segments.back().written_at, HistoryEnd::kCrashed);
  }
}

// An entry may come twice: an open entry is written again in a later segment.
void History::Replay(const HistoryEntry& entry, uint64_t segment) {
  const Key key = {entry.service, entry.address, entry.node};
  const auto known = open_.find(key);
  if (known != open_.end()) {
    HistoryEntry& before = entries_.at(known->second.entry);
    if (before.from == entry.from) {
      before = entry;
      known->second.segment = segment;
      if (entry.end == HistoryEnd::kNone) return;
      KeepClosed(known->second.entry);
      open_.erase(known);
      return;
    }
    Forget(known);
  }
  if (!entry.beside_others) ForgetOthersBefore(entry);
  entries_.emplace(++last_entry_, entry);
  if (entry.end == HistoryEnd::kNone) {
    open_.emplace(key, Open{last_entry_, segment});
  } else {
    KeepClosed(last_entry_);
  }
}

// The entry that ended the announcement was in a lost segment.
History::OpenMap::iterator History::Forget(OpenMap::iterator it) {
  entries_.erase(it->second.entry);
  return open_.erase(it);
}

// Drops open entries of other nodes: `entry` says that no other node announced
// the address when it began.
void History::ForgetOthersBefore(const HistoryEntry& entry) {
  for (auto it = open_.lower_bound({entry.service, entry.address, ""});
       it != open_.end() && IsOf(it->first, entry.service, entry.address);) {
    it = entries_.at(it->second.entry).from < entry.from ? Forget(it)
                                                         : std::next(it);
  }
}

void History::Observe(absl::Time now, const HistoryView& view) {
  if (confirm_until_ == absl::InfiniteFuture()) {
    confirm_until_ = now + kConfirmTime;
  }
  left_out_ = 0;
  if (!view.services) {
    is_behind_ = false;
    ObserveFrom(open_.begin(), nullptr, now, view.seen, view);
  } else {
    absl::Span<const SeenAnnouncement> rest = view.seen;
    for (const std::string& service : *view.services) {
      size_t count = 0;
      while (count < rest.size() && rest[count].service == service) ++count;
      ObserveFrom(open_.lower_bound({service, net::IpAddress(), ""}), &service,
                  now, rest.first(count), view);
      rest.remove_prefix(count);
    }
  }
  EndUnconfirmed(now);
}

void History::ObserveFrom(OpenMap::iterator it, const std::string* service,
                          absl::Time now,
                          absl::Span<const SeenAnnouncement> all_seen,
                          const HistoryView& view) {
  const auto is_there = [&] {
    return it != open_.end() &&
           (service == nullptr || std::get<0>(it->first) == *service);
  };
  while (!all_seen.empty()) {
    const SeenAnnouncement& first = all_seen.front();
    const auto goes_before = [&](const Key& key) {
      return std::tuple(std::string_view(std::get<0>(key)), std::get<1>(key)) <
             std::tuple(first.service, first.address);
    };
    while (is_there() && goes_before(it->first)) {
      it = it->second.restored ? std::next(it)
                               : End(it, now, HistoryEnd::kReleased);
    }
    size_t count = 1;
    while (count < all_seen.size() &&
           all_seen[count].service == first.service &&
           all_seen[count].address == first.address) {
      ++count;
    }
    it = ObserveAddress(it, now, all_seen.first(count), view);
    all_seen.remove_prefix(count);
  }
  while (is_there()) {
    it = it->second.restored ? std::next(it)
                             : End(it, now, HistoryEnd::kReleased);
  }
}

History::OpenMap::iterator History::ObserveAddress(
    OpenMap::iterator it, absl::Time now,
    absl::Span<const SeenAnnouncement> seen, const HistoryView& view) {
  const std::string_view service = seen.front().service;
  const net::IpAddress& address = seen.front().address;
  const bool is_announced = !seen.front().node.empty();
  std::set<std::string_view> known;
  while (it != open_.end() && IsOf(it->first, service, address)) {
    const std::string& node = std::get<2>(it->first);
    const auto still =
        std::find_if(seen.begin(), seen.end(),
                     [&](const auto& one) { return one.node == node; });
    if (still != seen.end()) {
      known.insert(still->node);
      it->second.restored = false;
      ++it;
    } else if (it->second.restored && !is_announced) {
      ++it;  // The elections may not have come so far.
    } else {
      it = End(it, now, EndOf(it->second, is_announced, view));
    }
  }
  for (const SeenAnnouncement& one : seen) {
    if (is_announced && !known.contains(one.node)) Begin(one, now);
  }
  return it;
}

HistoryEnd History::EndOf(const Open& open, bool is_announced,
                          const HistoryView& view) const {
  if (open.restored) return HistoryEnd::kUnseen;
  if (!view.live.contains(entries_.at(open.entry).node)) {
    return HistoryEnd::kLost;
  }
  return is_announced ? HistoryEnd::kMoved : HistoryEnd::kNobody;
}

bool History::IsOpen(std::string_view service,
                     const net::IpAddress& address) const {
  const auto it = open_.lower_bound({std::string(service), address, ""});
  return it != open_.end() && IsOf(it->first, service, address);
}

void History::EndOwn(absl::Time at, HistoryEnd end) {
  is_behind_ = true;
  if (own_ == 0) return;
  for (auto it = open_.begin(); it != open_.end();) {
    it = entries_.at(it->second.entry).node == node_ ? End(it, at, end)
                                                     : std::next(it);
  }
}

void History::EndUnconfirmed(absl::Time now) {
  if (now < confirm_until_) return;
  // No entry becomes unconfirmed after Restore().
  if (confirm_until_ == absl::InfinitePast()) return;
  confirm_until_ = absl::InfinitePast();
  for (auto it = open_.begin(); it != open_.end();) {
    it =
        it->second.restored ? End(it, now, HistoryEnd::kUnseen) : std::next(it);
  }
}

// The clock may have been set back since the entry began.
History::OpenMap::iterator History::End(OpenMap::iterator it, absl::Time at,
                                        HistoryEnd end) {
  HistoryEntry& entry = entries_.at(it->second.entry);
  entry.to = std::max(at, entry.from);
  entry.end = end;
  const HistoryEntry ended = entry;
  if (entry.node == node_) --own_;
  KeepClosed(it->second.entry);
  it = open_.erase(it);
  Append(ended);
  return it;
}

void History::Begin(const SeenAnnouncement& seen, absl::Time now) {
  if (open_.size() >= limits_.open_max) {
    ++left_out_;
    return;
  }
  const HistoryEntry entry = {
      .service = std::string(seen.service),
      .address = seen.address,
      .node = std::string(seen.node),
      .from = now,
      .beside_others = IsOpen(seen.service, seen.address)};
  entries_.emplace(++last_entry_, entry);
  open_.emplace(Key(entry.service, entry.address, entry.node),
                Open{last_entry_, segment_});
  if (entry.node == node_) ++own_;
  Append(entry);
}

void History::KeepClosed(uint64_t number) {
  closed_.push_back(number);
  if (closed_.size() <= limits_.closed_max) return;
  entries_.erase(closed_.front());
  closed_.pop_front();
}

void History::Append(const HistoryEntry& entry) {
  bytes_ += SerializeEntry(entry);
  dirty_ = true;
  if (bytes_.size() >= limits_.segment_bytes) StartSegment();
}

// Open entries of the oldest segment are written into the new one, up to half
// of its size, so that each segment has room for new entries. The rest stays in
// memory until the next segment.
void History::StartSegment() {
  full_.insert_or_assign(segment_, std::exchange(bytes_, {}));
  if (full_.size() >= limits_.segments) full_.erase(full_.begin());
  ++segment_;
  if (segment_ <= limits_.segments) return;
  const uint64_t gone = segment_ - limits_.segments;
  for (auto& [key, open] : open_) {
    if (open.segment > gone) continue;
    if (bytes_.size() >= limits_.segment_bytes / 2) return;
    bytes_ += SerializeEntry(entries_.at(open.entry));
    open.segment = segment_;
  }
}

std::vector<std::pair<uint64_t, std::string>> History::TakeUnsaved(
    absl::Time now) {
  std::vector<std::pair<uint64_t, std::string>> unsaved;
  saving_ = std::exchange(full_, {});
  for (const auto& [number, bytes] : saving_) {
    unsaved.emplace_back(number % limits_.segments,
                         SerializeSegment(number, now, bytes));
  }
  if (std::exchange(dirty_, false)) {
    unsaved.emplace_back(segment_ % limits_.segments,
                         SerializeSegment(segment_, now, bytes_));
  }
  return unsaved;
}

void History::OnSaved(bool written) {
  const auto saved = std::exchange(saving_, {});
  if (written) return;
  dirty_ = true;
  full_.insert(saved.begin(), saved.end());
  while (full_.size() >= limits_.segments) full_.erase(full_.begin());
}

}  // namespace lb::history
