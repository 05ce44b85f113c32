// ReleasedAddresses: the addresses that this node announced on an interface
// until a moment ago, and that no other host claimed there since.
//
// RFC 5227 2.1 has a host probe for an address before it uses it, as another
// host may have it. A host that conforms probes itself (2.1) and announces the
// address (2.3), both to all hosts, before it uses it. So a node that had the
// address, and went on listening, knows that no such host has come. It may
// announce the address again at once; what it cannot know, as frames are lost
// and some hosts are silent, is found by probes that follow: the address is on
// trial (claim.h).
//
// A host of ours that had the address as its own meanwhile makes no difference,
// although Linux says nothing of an IPv4 address that it gets: the caller wants
// the address back when that host has said that it gave the address up.
//
// For one interface: whatever ends the listening (a fence, another identity,
// the interface goes) is to end the memory, by Clear(). Pure bookkeeping,
// bounded by `addresses_max`. Addresses are heard up to a second longer than
// they count, so that those that were released together end together.
#ifndef LB_ANNOUNCE_RELEASED_ADDRESSES_H_
#define LB_ANNOUNCE_RELEASED_ADDRESSES_H_

#include <cstddef>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace lb::announce {

class ReleasedAddresses {
 public:
  // Later a host that was silent meanwhile may have come: DEFEND_INTERVAL of
  // RFC 5227, after which a conflict is a new one.
  static constexpr absl::Duration kCountsFor = absl::Seconds(10);

  explicit ReleasedAddresses(size_t addresses_max)
      : addresses_max_(addresses_max) {}

  // The node had it until now. No effect if there are too many.
  void Add(absl::Time now, const net::IpAddress& address);
  // Forgets it. True: it still counts.
  bool Take(absl::Time now, const net::IpAddress& address);
  // Another host claims it, or probes for it.
  void OnRival(const net::IpAddress& address);
  // True if one was heard for long enough, so that heard() is another.
  bool Expire(absl::Time now);
  absl::Time NextDeadline() const;  // InfiniteFuture: none.
  void Clear() { released_.clear(), order_.clear(), heard_.clear(); }

  // Frames about these are to be passed on.
  const absl::btree_set<net::IpAddress>& heard() const { return heard_; }

 private:
  void Forget(const net::IpAddress& address);
  static absl::Time HeardUntil(absl::Time released_at);

  const size_t addresses_max_;
  struct Released {
    absl::Time at;
    bool is_lost = false;  // OnRival()
  };
  absl::btree_map<net::IpAddress, Released> released_;
  absl::btree_set<std::pair<absl::Time, net::IpAddress>> order_;
  absl::btree_set<net::IpAddress> heard_;  // Those of released_.
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_RELEASED_ADDRESSES_H_
