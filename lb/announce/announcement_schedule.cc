#include "lb/announce/announcement_schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "lb/base/check.h"

namespace lb::announce {
namespace {

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
  if (options.repeat_grace < absl::ZeroDuration() ||
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

void AnnouncementSchedule::Start(absl::Time now,
                                 const net::IpAddress& address) {
  Stop(address);
  const Entry entry{.started = now,
                    .due = now + options_.rounds.front(),
                    .form = FirstForm(address)};
  entries_.emplace(address, entry);
  waiting_.emplace(entry.due, address);
}

void AnnouncementSchedule::Stop(const net::IpAddress& address) {
  const auto it = entries_.find(address);
  if (it == entries_.end()) return;
  const Entry& entry = it->second;
  if (entry.ready) {
    ready_.erase({ReadyKey(entry), address});
  } else {
    waiting_.erase({entry.due, address});
  }
  entries_.erase(it);
}

std::vector<ScheduledFrame> AnnouncementSchedule::TakeDue(absl::Time now) {
  MoveDueToReady(now);
  std::vector<ScheduledFrame> frames;
  while (!ready_.empty() && BudgetFreeAt() <= now) {
    const net::IpAddress address = ready_.begin()->second;
    ready_.erase(ready_.begin());
    Entry& entry = entries_.at(address);
    frames.push_back({address, entry.form});
    budget_whole_at_ = std::max(budget_whole_at_, now) + frame_interval_;
    Advance(now, address, entry);
  }
  return frames;
}

absl::Time AnnouncementSchedule::NextDeadline() const {
  if (!ready_.empty()) return BudgetFreeAt();
  if (waiting_.empty()) return absl::InfiniteFuture();
  return std::max(waiting_.begin()->first, BudgetFreeAt());
}

void AnnouncementSchedule::MoveDueToReady(absl::Time now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const net::IpAddress address = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    Entry& entry = entries_.at(address);
    entry.ready = true;
    ready_.emplace(ReadyKey(entry), address);
  }
}

// The frame of `entry` went out: on to the round's second one, or the next
// round that is still to come.
void AnnouncementSchedule::Advance(absl::Time now,
                                   const net::IpAddress& address,
                                   Entry& entry) {
  if (entry.form == AnnouncementForm::kArpRequest) {
    entry.form = AnnouncementForm::kArpReply;
    ready_.emplace(ReadyKey(entry), address);
    return;
  }
  entry.form = FirstForm(address);
  entry.ready = false;
  entry.due = absl::InfiniteFuture();
  if (entry.round < options_.rounds.size()) ++entry.round;
  while (entry.round < options_.rounds.size() &&
         entry.started + options_.rounds[entry.round] <= now) {
    ++entry.round;
  }
  if (entry.round < options_.rounds.size()) {
    entry.due = entry.started + options_.rounds[entry.round];
  } else if (options_.period > absl::ZeroDuration()) {
    entry.due = now + options_.period - options_.period_jitter +
                prng_.UniformDuration(2 * options_.period_jitter);
  }
  if (entry.due != absl::InfiniteFuture()) waiting_.emplace(entry.due, address);
}

absl::Time AnnouncementSchedule::ReadyKey(const Entry& entry) const {
  if (entry.round == options_.rounds.size()) {
    return entry.due + options_.refresh_grace;
  }
  const bool first =
      entry.round == 0 && entry.form != AnnouncementForm::kArpReply;
  return first ? entry.due : entry.due + options_.repeat_grace;
}

absl::Time AnnouncementSchedule::BudgetFreeAt() const {
  return budget_whole_at_ - (options_.frames_burst - 1) * frame_interval_;
}

}  // namespace lb::announce
