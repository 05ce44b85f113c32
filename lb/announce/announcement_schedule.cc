#include "lb/announce/announcement_schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "lb/base/check.h"

namespace lb::announce {
namespace {

// The jitter is this share of an address's own period.
constexpr int kJitterShare = 10;

AnnouncementForm FirstForm(const net::IpAddress& address) {
  return address.is_ipv4() ? AnnouncementForm::kArpRequest
                           : AnnouncementForm::kNdpAdvertisement;
}

absl::Status Wrong(const std::string& what) {
  return absl::InvalidArgumentError(fmt::format("schedule: {}", what));
}

}  // namespace

absl::Status Validate(const ScheduleOptions& options) {
  if (options.rounds.empty()) return Wrong("no rounds, want at least one");
  if (options.rounds.front() < absl::ZeroDuration() ||
      !std::is_sorted(options.rounds.begin(), options.rounds.end())) {
    return Wrong("rounds: want ascending offsets from 0");
  }
  if (options.period < absl::ZeroDuration()) {
    return Wrong("period is negative, want 0 or more");
  }
  const bool jitter_fits = options.period == absl::ZeroDuration() ||
                           options.period_jitter < options.period;
  if (options.period_jitter < absl::ZeroDuration() || !jitter_fits) {
    return Wrong("period_jitter: want at least 0 and less than period");
  }
  if (options.frames_per_second < 1 || options.frames_burst < 1) {
    return Wrong(
        fmt::format("{} frames per second, {} in a burst, want at least 1",
                    options.frames_per_second, options.frames_burst));
  }
  if (options.refresh_step < absl::ZeroDuration()) {
    return Wrong("refresh_step is negative, want 0 or more");
  }
  if (options.probe_grace < absl::ZeroDuration() ||
      options.repeat_grace < absl::ZeroDuration() ||
      options.refresh_grace < absl::ZeroDuration()) {
    return Wrong("a grace is negative, want 0 or more");
  }
  return absl::OkStatus();
}

AnnouncementSchedule::AnnouncementSchedule(const ScheduleOptions& options,
                                           Prng prng)
    : options_(options),
      frame_interval_(absl::Seconds(1) / options.frames_per_second),
      prng_(std::move(prng)) {}

void AnnouncementSchedule::Start(absl::Time now, const net::IpAddress& address,
                                 absl::Time asked) {
  Begin({address, false}, {.started = now,
                           .asked = asked,
                           .due = now + options_.rounds.front(),
                           .form = FirstForm(address)});
}

void AnnouncementSchedule::StartProbes(absl::Time now,
                                       const net::IpAddress& address,
                                       absl::Duration interval,
                                       absl::Time asked) {
  Stop(address);
  Begin({address, true}, {.started = now,
                          .asked = asked,
                          .probe_interval = interval,
                          .due = now,
                          .grace = options_.probe_grace,
                          .form = AnnouncementForm::kProbe});
}

void AnnouncementSchedule::AnnounceOnce(absl::Time now,
                                        const net::IpAddress& address,
                                        Urgency urgency) {
  const Key key = {address, false};
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  Dequeue(key, entry);
  const absl::Duration grace = urgency == Urgency::kAsFirst
                                   ? absl::ZeroDuration()
                                   : options_.repeat_grace;
  // What waits already must not go later than it would have gone.
  entry.grace = entry.ready ? std::min(entry.grace, grace) : grace;
  entry.due = std::min(entry.due, now);
  entry.form = FirstForm(address);
  entry.ready = false;
  waiting_.emplace(entry.due, key);
}

void AnnouncementSchedule::SetPeriod(absl::Time now,
                                     const net::IpAddress& address,
                                     std::optional<absl::Duration> period) {
  if (period) {
    periods_.insert_or_assign(address, *period);
  } else {
    periods_.erase(address);
  }
  const Key key = {address, false};
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  const bool in_rounds = now - entry.started < options_.rounds.back();
  if (entry.ready || in_rounds) return;
  Dequeue(key, entry);
  PlanNextRound(now, address, entry);
  if (entry.due != absl::InfiniteFuture()) waiting_.emplace(entry.due, key);
}

void AnnouncementSchedule::Stop(const net::IpAddress& address) {
  End({address, false});
  End({address, true});
}

void AnnouncementSchedule::End(const Key& key) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  Dequeue(key, it->second);
  entries_.erase(it);
}

std::vector<ScheduledFrame> AnnouncementSchedule::TakeDue(absl::Time now) {
  MoveDueToReady(now);
  std::vector<ScheduledFrame> frames;
  while (!ready_.empty() && BudgetFreeAt() <= now) {
    const Key key = std::get<Key>(*ready_.begin());
    ready_.erase(ready_.begin());
    Entry& entry = entries_.at(key);
    frames.push_back({key.first, entry.form});
    budget_whole_at_ = std::max(budget_whole_at_, now) + frame_interval_;
    Advance(now, key, entry);
  }
  return frames;
}

absl::Time AnnouncementSchedule::NextDeadline() const {
  if (!ready_.empty()) return BudgetFreeAt();
  if (waiting_.empty()) return absl::InfiniteFuture();
  return std::max(waiting_.begin()->first, BudgetFreeAt());
}

AnnouncementSchedule::ReadySlot AnnouncementSchedule::ReadySlotOf(
    const Key& key, const Entry& entry) {
  return {entry.due + entry.grace, absl::UnixEpoch() - entry.asked, key};
}

void AnnouncementSchedule::Begin(const Key& key, Entry entry) {
  End(key);
  waiting_.emplace(entry.due, key);
  entries_.emplace(key, entry);
}

void AnnouncementSchedule::Dequeue(const Key& key, const Entry& entry) {
  if (entry.ready) {
    ready_.erase(ReadySlotOf(key, entry));
  } else {
    waiting_.erase({entry.due, key});
  }
}

void AnnouncementSchedule::MoveDueToReady(absl::Time now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const Key key = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    Entry& entry = entries_.at(key);
    entry.ready = true;
    ready_.insert(ReadySlotOf(key, entry));
  }
}

// The frame of `entry` went out: on to the round's second one, the next probe,
// or the next round that is still to come.
void AnnouncementSchedule::Advance(absl::Time now, const Key& key,
                                   Entry& entry) {
  const net::IpAddress& address = key.first;
  if (entry.form == AnnouncementForm::kArpRequest) {
    entry.form = AnnouncementForm::kArpReply;
    entry.grace = std::max(entry.grace, options_.repeat_grace);
    ready_.insert(ReadySlotOf(key, entry));
    return;
  }
  entry.ready = false;
  if (entry.form == AnnouncementForm::kProbe) {
    entry.due = now + entry.probe_interval;
  } else {
    entry.form = FirstForm(address);
    PlanNextRound(now, address, entry);
  }
  if (entry.due != absl::InfiniteFuture()) waiting_.emplace(entry.due, key);
}

void AnnouncementSchedule::PlanNextRound(absl::Time now,
                                         const net::IpAddress& address,
                                         Entry& entry) {
  const auto next = std::upper_bound(
      options_.rounds.begin(), options_.rounds.end(), now - entry.started);
  if (next != options_.rounds.end()) {
    entry.due = entry.started + *next;
    entry.grace = options_.repeat_grace;
  } else {
    entry.due = DrawRefresh(now, address);
    entry.grace = options_.refresh_grace;
  }
}

// InfiniteFuture: the address has no refreshes.
absl::Time AnnouncementSchedule::DrawRefresh(absl::Time now,
                                             const net::IpAddress& address) {
  const auto own = periods_.find(address);
  const bool has_own = own != periods_.end();
  const absl::Duration period = has_own ? own->second : options_.period;
  if (period <= absl::ZeroDuration()) return absl::InfiniteFuture();
  const absl::Duration jitter =
      has_own ? period / kJitterShare : options_.period_jitter;
  const absl::Duration step = std::min(options_.refresh_step, jitter);
  const absl::Duration drawn = prng_.UniformDuration(2 * jitter - step);
  const absl::Time due = now + period - jitter + drawn;
  if (step <= absl::ZeroDuration()) return due;
  return absl::UnixEpoch() + absl::Ceil(due - absl::UnixEpoch(), step);
}

absl::Time AnnouncementSchedule::BudgetFreeAt() const {
  return budget_whole_at_ - (options_.frames_burst - 1) * frame_interval_;
}

}  // namespace lb::announce
