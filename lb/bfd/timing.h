// The intervals of a session (RFC 5880 sections 6.8.2 to 6.8.7). Pure
// functions.
#ifndef LB_BFD_TIMING_H_
#define LB_BFD_TIMING_H_

#include <algorithm>

#include "absl/time/time.h"
#include "lb/base/prng.h"

namespace lb::bfd {

// While a session is not Up it sends no faster (section 6.8.3).
inline constexpr absl::Duration kSlowInterval = absl::Seconds(1);

// The interval between two packets to a peer, before jitter. InfiniteDuration:
// the peer takes no periodic packets (its required minimum is 0).
inline absl::Duration TransmitInterval(absl::Duration desired_min_tx,
                                       absl::Duration peer_required_min_rx) {
  if (peer_required_min_rx == absl::ZeroDuration()) {
    return absl::InfiniteDuration();
  }
  return std::max(desired_min_tx, peer_required_min_rx);
}

// After this long without a packet the peer is taken for dead. By the peer's
// multiplier: the sender says how many of its packets may be lost.
inline absl::Duration DetectionTime(int peer_multiplier,
                                    absl::Duration required_min_rx,
                                    absl::Duration peer_desired_min_tx) {
  return peer_multiplier * std::max(required_min_rx, peer_desired_min_tx);
}

// The wait until the next packet: 75 to 100 % of the interval, so that sessions
// do not beat together; 75 to 90 % if the peer may miss no packet at all
// (section 6.8.7).
inline absl::Duration Jittered(absl::Duration interval, int own_multiplier,
                               Prng& prng) {
  if (interval == absl::InfiniteDuration()) return interval;
  const absl::Duration least = interval * 75 / 100;
  const absl::Duration most =
      own_multiplier == 1 ? interval * 90 / 100 : interval;
  return least + prng.UniformDuration(most - least);
}

}  // namespace lb::bfd

#endif  // LB_BFD_TIMING_H_
