// Demand: when clients last asked for an address.
//
// Kept for the addresses that the node announces, and for those that it only
// watches: when it takes one over, the clients that asked lately are served
// first. Bounded by these two sets. IPv4 questions go to all hosts; of IPv6
// ones a node that watches hears only those of a solicited-node group that it
// joined for another address.
#ifndef LB_ANNOUNCE_DEMAND_H_
#define LB_ANNOUNCE_DEMAND_H_

#include <cstddef>
#include <iterator>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace lb::announce {

class Demand {
 public:
  explicit Demand(size_t watched_max) : watched_max_(watched_max) {}

  // Replaces the watched ones; those beyond the maximum, in their order, are
  // not watched.
  void SetWatched(absl::btree_set<net::IpAddress> watched) {
    if (watched.size() > watched_max_) {
      watched.erase(
          std::next(watched.begin(), static_cast<ptrdiff_t>(watched_max_)),
          watched.end());
    }
    watched_ = std::move(watched);
    absl::erase_if(asked_,
                   [this](const auto& asked) { return !Knows(asked.first); });
  }
  // One more, unless there are as many as may be; or one less.
  void Watch(const net::IpAddress& address) {
    if (watched_.size() < watched_max_) watched_.insert(address);
  }
  void Unwatch(const net::IpAddress& address) {
    watched_.erase(address);
    if (!Knows(address)) asked_.erase(address);
  }
  const absl::btree_set<net::IpAddress>& watched() const { return watched_; }
  // From when the address is announced to when it no longer is.
  void Hold(const net::IpAddress& address) { held_.insert(address); }
  void Drop(const net::IpAddress& address) {
    held_.erase(address);
    if (!Knows(address)) asked_.erase(address);
  }

  // A client asks. No effect for any other address.
  void Note(absl::Time now, const net::IpAddress& address) {
    if (Knows(address)) asked_.insert_or_assign(address, now);
  }

  // InfinitePast: never, or not known.
  absl::Time LastAsked(const net::IpAddress& address) const {
    const auto it = asked_.find(address);
    return it == asked_.end() ? absl::InfinitePast() : it->second;
  }
  size_t size() const { return asked_.size(); }

 private:
  bool Knows(const net::IpAddress& address) const {
    return held_.contains(address) || watched_.contains(address);
  }

  const size_t watched_max_;
  absl::btree_set<net::IpAddress> watched_;
  absl::btree_set<net::IpAddress> held_;
  absl::btree_map<net::IpAddress, absl::Time> asked_;  // Only for these two.
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_DEMAND_H_
