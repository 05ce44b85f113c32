// Spread: full exchanges with several members soon, for news that are too many
// to be gossiped: told piece by piece they reach a large cluster in minutes, in
// exchanges they double with each round trip.
//
// When, and with whom still; the owner opens the streams. Asked for again
// before kSpreadInterval is over it waits: then it tells all that came
// meanwhile, and nobody can make a member do more.
#ifndef LB_GOSSIP_SPREAD_H_
#define LB_GOSSIP_SPREAD_H_

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

inline constexpr absl::Duration kSpreadInterval = absl::Seconds(1);

class Spread {
 public:
  void Ask(absl::Time now) {
    due_ = std::min(due_, std::max(now, began_ + kSpreadInterval));
  }
  // When it wants to begin; infinite: not asked for.
  absl::Time due() const { return due_; }
  // Replaces those who are left of the last one: these are told the same.
  void Begin(absl::Time now, std::vector<net::Endpoint> peers) {
    due_ = absl::InfiniteFuture();
    began_ = now;
    peers_ = std::move(peers);
  }
  // With whom next, if anybody is left.
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

#endif  // LB_GOSSIP_SPREAD_H_
