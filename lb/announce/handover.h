// Handover: addresses that this node gives away, but still serves for a while.
//
// Make before break: once another node is elected for an address, the old one
// goes on answering for it until the new one was heard to announce it, and goes
// on delivering its packets for `deliver_grace` after that, since clients and
// switches turn to the new node one by one. A new node that is never heard is
// waited for no longer than `claim_wait`.
//
// Pure bookkeeping: no I/O, no clock; time is the loop's and never steps back.
//
//   Handover handover({});
//   handover.Begin(now, vip, {"eth0"});     // another node is elected
//   handover.OnClaimed(now, vip);           // it was heard
//   handover.OnTimer(now);                  // at NextDeadline()
//   for (const auto& vip : handover.TakeChanged()) Use(vip);
//
// The cost of a call goes with what it changes.
#ifndef LB_ANNOUNCE_HANDOVER_H_
#define LB_ANNOUNCE_HANDOVER_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace lb::announce {

struct HandoverOptions {
  absl::Duration claim_wait = absl::Seconds(1);
  absl::Duration deliver_grace = absl::Seconds(1);
};

class Handover {
 public:
  using Interfaces = absl::btree_set<std::string>;  // Empty: all usable ones.

  explicit Handover(const HandoverOptions& options) : options_(options) {}

  // The address goes to another node. Nothing if that is under way already.
  void Begin(absl::Time now, const net::IpAddress& vip, Interfaces interfaces);
  // The address stays here after all. A yielded address is still delivered:
  // this node remains elected for it.
  void Keep(const net::IpAddress& vip) { ended_ |= EndLeaving(vip); }
  // No service has the address any more.
  void Cancel(const net::IpAddress& vip) {
    ended_ |= EndLeaving(vip);
    ended_ |= EndYielded(vip);
  }

  // The address was left to another member that announces it already: its
  // packets are delivered for `deliver_grace` more.
  void Yield(absl::Time now, const net::IpAddress& vip);

  // Another node announced the address. Nothing if it is not being given away.
  void OnClaimed(absl::Time now, const net::IpAddress& vip);
  // Ends what is over.
  void OnTimer(absl::Time now);
  // InfiniteFuture: no address is being given away. InfinitePast: a handover
  // has ended, and its end has not been taken yet.
  absl::Time NextDeadline() const;

  // The interfaces on which the address is to be answered: it is given away and
  // was not heard from the new node. Nullptr: it is not.
  const Interfaces* Answering(const net::IpAddress& vip) const;
  bool IsAnswering() const { return answering_ > 0; }
  // True if it is answered, or if its packets may still come.
  bool Delivers(const net::IpAddress& vip) const {
    return leaving_.contains(vip) || yielded_.contains(vip);
  }
  bool empty() const { return leaving_.empty() && yielded_.empty(); }

  // Addresses for which Answering() or Delivers() may be another than at the
  // last call.
  absl::btree_set<net::IpAddress> TakeChanged() {
    return std::exchange(changed_, {});
  }

 private:
  using ByTime = absl::btree_set<std::pair<absl::Time, net::IpAddress>>;

  bool EndLeaving(const net::IpAddress& vip);
  bool EndYielded(const net::IpAddress& vip);
  struct Leaving {
    Interfaces interfaces;
    bool claimed = false;
    absl::Time until;  // Claimed: end of delivery; else: of the wait.
  };

  const HandoverOptions options_;
  absl::btree_map<net::IpAddress, Leaving> leaving_;
  absl::btree_map<net::IpAddress, absl::Time> yielded_;  // Until when.
  ByTime leaving_until_;                                 // Of leaving_.
  ByTime yielded_until_;                                 // Of yielded_.
  size_t answering_ = 0;  // Of leaving_, those that are not claimed.
  bool ended_ = false;    // By Keep() or Cancel(), since OnTimer().
  absl::btree_set<net::IpAddress> changed_;  // TakeChanged()
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_HANDOVER_H_
