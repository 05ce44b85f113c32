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
#ifndef LB_ANNOUNCE_HANDOVER_H_
#define LB_ANNOUNCE_HANDOVER_H_

#include <set>
#include <string>

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
  void Keep(const net::IpAddress& vip) { ended_ |= leaving_.erase(vip) > 0; }
  // No service has the address any more.
  void Cancel(const net::IpAddress& vip) {
    ended_ |= leaving_.erase(vip) + yielded_.erase(vip) > 0;
  }

  // The address was left to another member that announces it already: its
  // packets are delivered for `deliver_grace` more.
  void Yield(absl::Time now, const net::IpAddress& vip) {
    yielded_.try_emplace(vip, now + options_.deliver_grace);
  }

  // Another node announced the address. Nothing if it is not being given away.
  void OnClaimed(absl::Time now, const net::IpAddress& vip);
  // Ends what is over.
  void OnTimer(absl::Time now);
  // InfiniteFuture: no address is being given away. InfinitePast: a handover
  // has ended, and its end has not been taken yet.
  absl::Time NextDeadline() const;

  // Given away and not heard of from the new node: to be answered.
  absl::btree_map<net::IpAddress, Interfaces> Answering() const;
  // The above, and those whose packets may still come.
  std::set<net::IpAddress> Delivering() const;
  bool empty() const { return leaving_.empty() && yielded_.empty(); }

 private:
  struct Leaving {
    Interfaces interfaces;
    bool claimed = false;
    absl::Time until;  // Claimed: end of delivery; else: of the wait.
  };

  const HandoverOptions options_;
  absl::btree_map<net::IpAddress, Leaving> leaving_;
  absl::btree_map<net::IpAddress, absl::Time> yielded_;  // Until when.
  bool ended_ = false;  // By Keep() or Cancel(), since OnTimer().
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_HANDOVER_H_
