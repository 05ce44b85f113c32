// DialSchedule: when a session dials again, by why it ended.
//
// A peer that is away is dialled often, so that the session is there soon after
// it is back: after 0.1 s, then twice as long each time, up to 5 s unless the
// caller has another bound. An OPEN that was refused is a matter of
// configuration, and dialling often would only hammer the peer (BIRD and FRR go
// deaf for a minute): after 5 s, up to 60 s.
// The waits are cut by 0 to 25 %, so that nodes do not dial in step. A session
// that was Established for 30 s starts both from the beginning.
//
//   DialSchedule schedule(prng, now);  // Dials at once.
//   schedule.OnFailed(now, DialFailure::kAway);
//   schedule.next();                   // 75 to 100 ms later.
//
// One thread; pure but for its Prng.
#ifndef LB_BGP_DIAL_SCHEDULE_H_
#define LB_BGP_DIAL_SCHEDULE_H_

#include <cstdint>

#include "absl/time/time.h"
#include "lb/base/prng.h"

namespace lb::bgp {

enum class DialFailure : uint8_t {
  kAway,         // No connection, or it was lost or ended.
  kOpenRefused,  // One side refused the other's OPEN (code 2).
};

class DialSchedule {
 public:
  static constexpr absl::Duration kAwayMin = absl::Milliseconds(100);
  static constexpr absl::Duration kAwayMax = absl::Seconds(5);
  static constexpr absl::Duration kRefusedMin = absl::Seconds(5);
  static constexpr absl::Duration kRefusedMax = absl::Seconds(60);
  static constexpr absl::Duration kStableAfter = absl::Seconds(30);
  // One dial takes so long at most.
  static constexpr absl::Duration kDialTimeout = absl::Seconds(2);

  // `away_max`, at least kAwayMin: the longest wait for a peer that is away.
  DialSchedule(Prng prng, absl::Time now, absl::Duration away_max = kAwayMax)
      : away_max_(away_max), prng_(prng), next_(now) {}

  // A dial or the connection that came of it ended. `established`: it had been
  // Established since then; InfiniteFuture: it was not.
  void OnFailed(absl::Time now, DialFailure failure,
                absl::Time established = absl::InfiniteFuture());
  // The next dial is due now, and the waits begin from the beginning.
  void Reset(absl::Time now);

  absl::Time next() const { return next_; }

 private:
  const absl::Duration away_max_;
  Prng prng_;
  absl::Time next_;
  absl::Duration away_ = kAwayMin;
  absl::Duration refused_ = kRefusedMin;
};

}  // namespace lb::bgp

#endif  // LB_BGP_DIAL_SCHEDULE_H_
