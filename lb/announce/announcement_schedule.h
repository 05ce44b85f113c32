// AnnouncementSchedule: when unasked frames leave one interface.
//
// An announced address goes through rounds: at the `rounds` offsets after its
// start, then every `period`, together with others. A round is one frame for
// IPv6 and two for IPv4 (request form, then reply form). An address can be
// probed besides, one frame after the other. All frames of the interface share
// one budget; when it does not suffice, frames wait, ordered by due time plus a
// grace: none for the very first frame of an address, `probe_grace` for probes,
// `repeat_grace` for the rest of the rounds, `refresh_grace` for periodic
// refreshes. So new owners go first, and no frame waits without end. Among
// equals the address that a client asked for last goes first. Rounds that fell
// due while one waited are skipped.
//
// Pure bookkeeping: no frames, no clock, no lock. Values and draws decide all.
//
//   AnnouncementSchedule schedule({}, prng.Fork("eth0"));
//   schedule.Start(now, vip, last_asked);
//   for (const auto& frame : schedule.TakeDue(now)) Send(frame);
//   timer->Arm(schedule.NextDeadline());
#ifndef LB_ANNOUNCE_ANNOUNCEMENT_SCHEDULE_H_
#define LB_ANNOUNCE_ANNOUNCEMENT_SCHEDULE_H_

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"

namespace lb::announce {

struct ScheduleOptions {
  // Offsets from the start, ascending.
  std::vector<absl::Duration> rounds = {
      absl::ZeroDuration(), absl::Milliseconds(100), absl::Milliseconds(300),
      absl::Seconds(1),     absl::Seconds(2),        absl::Seconds(5)};
  // Below the 300 s after which switches forget a MAC. 0: no refreshes.
  absl::Duration period = absl::Seconds(60);
  // Each refresh comes up to this much earlier or later. < period.
  absl::Duration period_jitter = absl::Seconds(6);
  // Refreshes wait for the next multiple of this, within the jitter, and leave
  // together: each frame wakes all hosts of the segment. 0: none waits.
  absl::Duration refresh_step = absl::Seconds(1);
  // The interface's budget. With these, 1,000 addresses that start at once have
  // each had their first frame after 267 ms; if each has a probe before, after
  // 0.6 s.
  int frames_per_second = 3000;
  int frames_burst = 200;
  absl::Duration probe_grace = absl::Seconds(1);
  absl::Duration repeat_grace = absl::Seconds(2);
  absl::Duration refresh_grace = absl::Seconds(10);
};

// InvalidArgument names the first option that is out of range.
absl::Status Validate(const ScheduleOptions& options);

enum class AnnouncementForm {
  kArpRequest,
  kArpReply,
  kNdpAdvertisement,
  kProbe,  // Both families; the caller chooses the frame and its receiver.
};

// How soon an announcement out of turn goes.
enum class Urgency { kAsFirst, kAsRepeat };

struct ScheduledFrame {
  net::IpAddress address;
  AnnouncementForm form = AnnouncementForm::kArpRequest;

  friend bool operator==(const ScheduledFrame&,
                         const ScheduledFrame&) = default;
};

class AnnouncementSchedule {
 public:
  // REQUIRES: Validate(options) is OK.
  AnnouncementSchedule(const ScheduleOptions& options, Prng prng);

  // Begins with the first round, whatever round the address was in. Probes go
  // on. `asked`: when a client last asked for it; InfinitePast: never.
  void Start(absl::Time now, const net::IpAddress& address,
             absl::Time asked = absl::InfinitePast());
  // Probes now and `interval` after each probe, whatever it did before.
  void StartProbes(absl::Time now, const net::IpAddress& address,
                   absl::Duration interval,
                   absl::Time asked = absl::InfinitePast());
  // Its rounds go on.
  void StopProbes(const net::IpAddress& address) { End({address, true}); }
  // One more round, now; the others stay. Nothing if the address is not
  // announced.
  void AnnounceOnce(absl::Time now, const net::IpAddress& address,
                    Urgency urgency);
  // How often the address is announced when its rounds are over, instead of
  // `period`; zero: not at all. Holds through Stop() and Start(). Nullopt: as
  // the options have it.
  void SetPeriod(absl::Time now, const net::IpAddress& address,
                 std::optional<absl::Duration> period);
  // Forgets the address, but for its period; frames that wait are dropped.
  void Stop(const net::IpAddress& address);

  // The frames to send at `now`, in this order.
  std::vector<ScheduledFrame> TakeDue(absl::Time now);

  // When TakeDue() next has something; InfiniteFuture: never.
  absl::Time NextDeadline() const;

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    absl::Time started;
    absl::Time asked;
    absl::Duration probe_interval;  // Of probes.
    absl::Time due;
    absl::Duration grace;
    AnnouncementForm form = AnnouncementForm::kArpRequest;
    bool ready = false;  // In ready_, else in waiting_ (or at rest).
  };
  // An address, and whether the entry is its probes or its rounds.
  using Key = std::pair<net::IpAddress, bool>;
  // Sets of these are queues.
  using WaitingSlot = std::pair<absl::Time, Key>;
  // Due time and grace; how long before some instant it was asked for.
  using ReadySlot = std::tuple<absl::Time, absl::Duration, Key>;

  static ReadySlot ReadySlotOf(const Key& key, const Entry& entry);
  void Begin(const Key& key, Entry entry);
  void End(const Key& key);
  void Dequeue(const Key& key, const Entry& entry);
  void MoveDueToReady(absl::Time now);
  void Advance(absl::Time now, const Key& key, Entry& entry);
  void PlanNextRound(absl::Time now, const net::IpAddress& address,
                     Entry& entry);
  absl::Time DrawRefresh(absl::Time now, const net::IpAddress& address);
  absl::Time BudgetFreeAt() const;

  const ScheduleOptions options_;
  const absl::Duration frame_interval_;  // 1 s / frames_per_second
  Prng prng_;
  absl::btree_map<Key, Entry> entries_;
  absl::btree_map<net::IpAddress, absl::Duration> periods_;  // SetPeriod()'s.
  absl::btree_set<WaitingSlot> waiting_;                     // By due time.
  absl::btree_set<ReadySlot> ready_;  // Due frames, the next one first.
  // When the budget is whole again. Runs ahead of now by at most a burst.
  absl::Time budget_whole_at_ = absl::InfinitePast();
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_ANNOUNCEMENT_SCHEDULE_H_
