#include "lb/history/history.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace lb::history {

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

// An entry may come twice: one that lasts was written again.
void History::Replay(const HistoryEntry& entry, uint64_t segment) {
  const Key key = {entry.service, entry.address};
  const auto known = open_.find(key);
  if (known != open_.end()) {
    HistoryEntry& before = entries_.at(known->second.entry);
    if (before.node == entry.node && before.from == entry.from) {
      before = entry;
      known->second.segment = segment;
      if (entry.end == HistoryEnd::kNone) return;
      KeepClosed(known->second.entry);
      open_.erase(known);
      return;
    }
    entries_.erase(known->second.entry);  // Its end was in a lost segment.
    open_.erase(known);
  }
  entries_.emplace(++last_entry_, entry);
  if (entry.end == HistoryEnd::kNone) {
    open_.emplace(key, Open{last_entry_, segment});
  } else {
    KeepClosed(last_entry_);
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
      ObserveFrom(open_.lower_bound({service, net::IpAddress()}), &service, now,
                  rest.first(count), view);
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
           (service == nullptr || it->first.first == *service);
  };
  for (const SeenAnnouncement& seen : all_seen) {
    const auto goes_before = [&](const Key& key) {
      return std::tuple(std::string_view(key.first), key.second) <
             std::tuple(seen.service, seen.address);
    };
    while (is_there() && goes_before(it->first)) {
      it = it->second.restored ? std::next(it)
                               : End(it, now, HistoryEnd::kReleased);
    }
    const bool known = is_there() && it->first.first == seen.service &&
                       it->first.second == seen.address;
    if (!known) {
      Begin(seen, now);
    } else if (entries_.at(it->second.entry).node == seen.node) {
      it->second.restored = false;
      ++it;
    } else if (it->second.restored && seen.node.empty()) {
      ++it;  // Elections may not have come so far.
    } else {
      it = End(it, now, EndOf(it->second, seen, view));
      Begin(seen, now);
    }
  }
  while (is_there()) {
    it = it->second.restored ? std::next(it)
                             : End(it, now, HistoryEnd::kReleased);
  }
}

HistoryEnd History::EndOf(const Open& open, const SeenAnnouncement& seen,
                          const HistoryView& view) const {
  if (open.restored) return HistoryEnd::kUnseen;
  if (!view.live.contains(entries_.at(open.entry).node)) {
    return HistoryEnd::kLost;
  }
  return seen.node.empty() ? HistoryEnd::kNobody : HistoryEnd::kMoved;
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
  // Nothing comes to be unconfirmed after Restore().
  if (confirm_until_ == absl::InfinitePast()) return;
  confirm_until_ = absl::InfinitePast();
  for (auto it = open_.begin(); it != open_.end();) {
    it =
        it->second.restored ? End(it, now, HistoryEnd::kUnseen) : std::next(it);
  }
}

// The clock may have been set back meanwhile.
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
  if (seen.node.empty()) return;
  if (open_.size() >= limits_.open_max) {
    ++left_out_;
    return;
  }
  const HistoryEntry entry = {.service = std::string(seen.service),
                              .address = seen.address,
                              .node = std::string(seen.node),
                              .from = now};
  entries_.emplace(++last_entry_, entry);
  open_.emplace(Key(entry.service, entry.address), Open{last_entry_, segment_});
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

// What lasts of the segment that goes is carried over, as far as half of the
// new one takes it: so each has room for news. The rest stays in memory, and
// has its turn with the next.
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
