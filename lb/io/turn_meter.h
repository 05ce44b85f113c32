// TurnMeter: how long the turns of a loop are, and what they are spent on.
//
// A turn is what a loop does between two looks at what else waits: one timer,
// one posted task, the datagrams or frames of one read. While it lasts, nothing
// else is answered. The meter is told of each, with the loop's time:
//
//   TurnMeter meter;
//   meter.Begin(loop.Now(), "takes datagrams");
//   const auto before = meter.SetCause(loop.Now(), "merges an exchange");
//   meter.SetCause(loop.Now(), before);
//   meter.End(loop.Now(), /*processor=*/absl::Milliseconds(3));
//   meter.RecentLongest(loop.Now())->cause;  // What took most of the turn.
//
// Pure bookkeeping: it reads no clock, allocates nothing and cannot fail, and
// the same calls give the same answers. Loop thread only.
#ifndef LB_IO_TURN_METER_H_
#define LB_IO_TURN_METER_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "lb/base/duration_histogram.h"

namespace lb::io {

struct Turn {
  absl::Time at;  // When it ended, by the loop's time.
  // By the clock: also while the thread waited for a processor.
  absl::Duration length;
  // For how long the thread had a processor; never more than `length`.
  absl::Duration processor;
  std::string_view cause;  // As TurnCause has it.
};

// A turn of 5 ms is a usual one of a busy node (kDatagramTurn); the fences of
// the profiles are at 150 ms and more.
inline constexpr std::array kTurnBoundsSeconds = {
    0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0};

class TurnMeter {
 public:
  using Histogram = DurationHistogram<kTurnBoundsSeconds>;

  // Turns that ended longer ago are no more recent ones.
  static constexpr absl::Duration kRecent = absl::Minutes(10);
  // What a turn does beyond so many causes counts for none of them.
  static constexpr size_t kCausesMax = 8;

  // A turn begins. What its time goes to, but for what SetCause() says.
  void Begin(absl::Time now, std::string_view cause);
  // From now on the time goes to `cause`. Returns the cause before.
  std::string_view SetCause(absl::Time now, std::string_view cause);
  // It ends; `processor` is the time for which the thread had a processor.
  void End(absl::Time now, absl::Duration processor);

  const Histogram& lengths() const { return lengths_; }
  const Histogram& processor_times() const { return processor_times_; }

  // The one of the greatest length since the start; nullopt: there was none.
  const std::optional<Turn>& longest() const { return longest_; }
  // The longest of the turns that ended within kRecent, to the minute, and the
  // one that used most processor time.
  std::optional<Turn> RecentLongest(absl::Time now) const;
  std::optional<Turn> RecentBusiest(absl::Time now) const;

 private:
  struct Share {
    std::string_view cause;
    absl::Duration time;
  };
  // The turns of a minute or, while there are few, of what is begun in one.
  struct Minute {
    absl::Time end = absl::InfinitePast();
    std::optional<Turn> longest;
    std::optional<Turn> busiest;
  };

  void Charge(absl::Time now);
  std::string_view MainCause() const;
  Minute& MinuteOf(absl::Time now);
  std::optional<Turn> Recent(absl::Time now,
                             std::optional<Turn> Minute::*greatest,
                             absl::Duration Turn::*measure) const;

  absl::Time began_;
  std::string_view cause_;  // Of the time since...
  absl::Time cause_since_;
  std::array<Share, kCausesMax> shares_;  // Of the turn under way.
  size_t share_count_ = 0;
  Histogram lengths_;
  Histogram processor_times_;
  std::optional<Turn> longest_;
  std::array<Minute, 11> minutes_;  // A ring: ten whole ones, and the present.
  size_t minute_ = 0;
};

}  // namespace lb::io

#endif  // LB_IO_TURN_METER_H_
