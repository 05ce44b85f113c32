// NameCheck: finds out whether a host at this node's last address has its name.
//
// A node that comes back at another address leaves at the old one (Relocation).
// A machine that was cloned with its state folder would do the same, and take
// the name from the host from which it was cloned. So the old address is pinged
// first: a host that acks there has the name, and keeps it as long as it
// answers.
//
// Plain state; no clock. Its owner sends the pings and reports the acks.
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

  // `former`: the addresses to ping. Empty: there is nothing to check.
  NameCheck(std::vector<net::Endpoint> former, absl::Time now)
      : former_(std::move(former)),
        due_(former_.empty() ? absl::InfiniteFuture() : now) {}

  bool running() const { return due_ != absl::InfiniteFuture(); }
  absl::Time due() const { return due_; }
  const std::vector<net::Endpoint>& former() const { return former_; }

  // REQUIRES: due. True: the caller pings former() with `sequence`. False: no
  // host acked the pings, and the check is over.
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
  // True if it is the number of one of these pings or of an ack to it.
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
  uint32_t sequence_ = 0;  // The number of the last ping.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_NAME_CHECK_H_
