// ReconnectQueue: the endpoints to ask for a full exchange again, and when.
//
// These are seeds, while no member has their address, and peers that failed.
// Each is tried with a delay that doubles up to a maximum; so nodes may start
// in any order, and the halves of a healed partition find each other.
//
// After a node has joined, two more exchanges are due with any members, two and
// six gossip intervals later or so: of nodes that start together gossip may
// miss some, and the regular exchange can be a minute away.
#ifndef LB_GOSSIP_RECONNECT_QUEUE_H_
#define LB_GOSSIP_RECONNECT_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/gossip/options.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class ReconnectQueue {
 public:
  ReconnectQueue(const GossipOptions& options, const Prng& prng);

  // Due at once and for ever. False: there are reconnect_targets_max.
  bool AddSeed(absl::Time now, const net::Endpoint& seed);

  // It is no seed any more, and is tried no longer.
  void ForgetSeed(const net::Endpoint& seed);

  // A member has this address: nothing to do there.
  void OnMemberUp(const net::Endpoint& endpoint);
  // The member there failed. False: there are reconnect_targets_max.
  bool OnMemberFailed(absl::Time now, const net::Endpoint& endpoint);
  // The member there left: it is tried again only if it is a seed.
  void OnMemberLeft(absl::Time now, const net::Endpoint& endpoint);

  // A target that is due at `now`. It will be due again after its delay times
  // `scale`.
  std::optional<net::Endpoint> TakeDue(absl::Time now, int scale);

  // An exchange by which this node joined is done.
  void OnJoined(absl::Time now);
  // True if an exchange with any member is due, as this node joined.
  bool TakeSettling(absl::Time now);

  absl::Time NextDeadline() const {
    return due_.empty() ? settling_ : std::min(settling_, due_.begin()->first);
  }

 private:
  struct Target {
    bool seed = false;
    absl::Time due = absl::InfiniteFuture();
    absl::Duration delay;
    absl::Time give_up = absl::InfiniteFuture();
  };
  using Targets = std::map<net::Endpoint, Target>;

  // Null: full.
  Target* FindOrAdd(const net::Endpoint& endpoint);
  void SetDue(const net::Endpoint& endpoint, Target& target, absl::Time due);
  void Remove(Targets::iterator target);

  const absl::Duration settling_delay_;
  const absl::Duration delay_min_;
  const absl::Duration delay_max_;
  const absl::Duration retry_time_;
  const size_t targets_max_;
  Prng prng_;
  absl::Time settling_ = absl::InfiniteFuture();
  int settled_ = 0;  // Exchanges since this node joined.
  Targets targets_;
  std::set<std::pair<absl::Time, net::Endpoint>> due_;  // The finite ones.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_RECONNECT_QUEUE_H_
