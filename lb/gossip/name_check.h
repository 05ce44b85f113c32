// NameCheck: does another host have this node's name, where the node was before
// it started?
//
// A node that comes back at another address takes leave of the old one
// (Relocation). A machine that was cloned with its state folder would do the
// same, and take the name from the host that it was cloned from. So the old
// address is pinged first: who acks there has the name, and keeps it until it
// answers no more.
//
// Plain state; no clock. Pings and acks are its owner's affair.
#ifndef LB_GOSSIP_NAME_CHECK_H_
#define LB_GOSSIP_NAME_CHECK_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class NameCheck {
 public:
  // In a row: datagrams are lost.
  static constexpr int kPings = 3;
  // While another host has the name.
  static constexpr absl::Duration kAgain = absl::Seconds(10);

  // `former`: where to ask. None: there is nothing to check.
  NameCheck(std::vector<net::Endpoint> former, absl::Time now)
      : former_(std::move(former)),
        due_(former_.empty() ? absl::InfiniteFuture() : now) {}

  bool running() const { return due_ != absl::InfiniteFuture(); }
  absl::Time due() const { return due_; }
  const std::vector<net::Endpoint>& former() const { return former_; }

  // REQUIRES: due. True: former() are to be pinged under `sequence`. False:
  // nobody acked the pings, and the check is over.
  bool TakePing(absl::Time now, uint32_t sequence, absl::Duration interval,
                absl::Duration timeout) {
    if (pings_ == kPings) {
      End();
      return false;
    }
    sequence_ = sequence;
    due_ = now + (++pings_ == kPings ? timeout : interval);
    return true;
  }
  // Is it one of its pings, or an ack to it?
  bool IsOwn(uint32_t sequence) const {
    return running() && pings_ > 0 && sequence == sequence_;
  }
  // True: another host has the name.
  bool OnAck(absl::Time now, uint32_t sequence) {
    if (!IsOwn(sequence)) return false;
    pings_ = 0;
    due_ = now + kAgain;
    return true;
  }
  void End() { due_ = absl::InfiniteFuture(); }

 private:
  const std::vector<net::Endpoint> former_;
  absl::Time due_;
  int pings_ = 0;          // In this row.
  uint32_t sequence_ = 0;  // Of the last of them.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_NAME_CHECK_H_
