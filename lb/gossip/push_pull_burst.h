// PushPullBurst: full exchanges with several members soon, for more changes
// than gossip can carry. Gossip would take minutes in a large cluster; by
// exchanges the number of members that know doubles with each round trip.
//
// Tracks which peers are left and when to start; the owner opens the streams.
// Runs at most once per kBurstInterval, so a peer cannot force more; requests
// in between are merged.
#ifndef LB_GOSSIP_PUSH_PULL_BURST_H_
#define LB_GOSSIP_PUSH_PULL_BURST_H_

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

inline constexpr absl::Duration kBurstInterval = absl::Seconds(1);

class PushPullBurst {
 public:
  void Ask(absl::Time now) {
    due_ = std::min(due_, std::max(now, began_ + kBurstInterval));
  }
  // When it wants to begin; infinite: not asked for.
  absl::Time due() const { return due_; }
  // Replaces the remaining peers of the last one: the new ones get its state.
  void Begin(absl::Time now, std::vector<net::Endpoint> peers) {
    due_ = absl::InfiniteFuture();
    began_ = now;
    peers_ = std::move(peers);
  }
  // The next peer, if one is left.
  std::optional<net::Endpoint> TakePeer() {
    if (peers_.empty()) return std::nullopt;
    const net::Endpoint peer = peers_.back();
    peers_.pop_back();
    return peer;
  }

 private:
  absl::Time due_ = absl::InfiniteFuture();
  absl::Time began_ = absl::InfinitePast();
  std::vector<net::Endpoint> peers_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_PUSH_PULL_BURST_H_
