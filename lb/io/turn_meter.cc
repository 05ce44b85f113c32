#include "lb/io/turn_meter.h"

#include <algorithm>
#include <utility>

namespace lb::io {
namespace {

// Replaces the greatest by `turn` if that is greater.
void Raise(std::optional<Turn>* greatest, const Turn& turn,
           absl::Duration Turn::*measure) {
  if (!*greatest || turn.*measure > (**greatest).*measure) *greatest = turn;
}

}  // namespace

void TurnMeter::Begin(absl::Time now, std::string_view cause) {
  began_ = cause_since_ = now;
  cause_ = cause;
  share_count_ = 0;
}

std::string_view TurnMeter::SetCause(absl::Time now, std::string_view cause) {
  Charge(now);
  return std::exchange(cause_, cause);
}

void TurnMeter::Charge(absl::Time now) {
  const absl::Duration time = now - std::exchange(cause_since_, now);
  for (size_t i = 0; i < share_count_; ++i) {
    if (shares_[i].cause != cause_) continue;
    shares_[i].time += time;
    return;
  }
  if (share_count_ < kCausesMax) shares_[share_count_++] = {cause_, time};
}

std::string_view TurnMeter::MainCause() const {
  return std::max_element(
             shares_.begin(),
             shares_.begin() + static_cast<ptrdiff_t>(share_count_),
             [](const Share& a, const Share& b) { return a.time < b.time; })
      ->cause;
}

TurnMeter::Minute& TurnMeter::MinuteOf(absl::Time now) {
  if (now >= minutes_[minute_].end) {
    minute_ = (minute_ + 1) % minutes_.size();
    minutes_[minute_] = {.end = now + absl::Minutes(1)};
  }
  return minutes_[minute_];
}

void TurnMeter::End(absl::Time now, absl::Duration processor) {
  Charge(now);
  const Turn turn = {.at = now,
                     .length = now - began_,
                     .processor = processor,
                     .cause = MainCause()};
  lengths_.Add(turn.length);
  processor_times_.Add(turn.processor);
  Minute& minute = MinuteOf(now);
  Raise(&minute.longest, turn, &Turn::length);
  Raise(&minute.busiest, turn, &Turn::processor);
  Raise(&longest_, turn, &Turn::length);
}

std::optional<Turn> TurnMeter::Recent(absl::Time now,
                                      std::optional<Turn> Minute::*greatest,
                                      absl::Duration Turn::*measure) const {
  std::optional<Turn> recent;
  for (const Minute& minute : minutes_) {
    const std::optional<Turn>& turn = minute.*greatest;
    if (turn && turn->at >= now - kRecent) Raise(&recent, *turn, measure);
  }
  return recent;
}

std::optional<Turn> TurnMeter::RecentLongest(absl::Time now) const {
  return Recent(now, &Minute::longest, &Turn::length);
}

std::optional<Turn> TurnMeter::RecentBusiest(absl::Time now) const {
  return Recent(now, &Minute::busiest, &Turn::processor);
}

}  // namespace lb::io
