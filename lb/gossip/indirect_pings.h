// IndirectPings: the indirect pings that we do for others.
//
// An ack of the target is passed on for the whole timeout. A nack goes out at
// 80 % of it already (Lifeguard): at the end it would reach the prober after
// its verdict, and be held against a healthy node.
#ifndef LB_GOSSIP_INDIRECT_PINGS_H_
#define LB_GOSSIP_INDIRECT_PINGS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// One indirect ping: the asker, the target, and the number for which it waits.
struct IndirectPingRequest {
  net::Endpoint requester;
  net::Endpoint target;
  uint32_t sequence = 0;
  bool nack = false;  // Wants a nack.

  friend bool operator==(const IndirectPingRequest&,
                         const IndirectPingRequest&) = default;
};

class IndirectPings {
 public:
  // `timeout` is the probe timeout of this node.
  IndirectPings(absl::Duration timeout, size_t requests_max)
      : timeout_(timeout), requests_max_(requests_max) {}

  // The target is pinged as `own_sequence` now. False: requests_max are under
  // way.
  bool Begin(absl::Time now, uint32_t own_sequence,
             const IndirectPingRequest& request);
  // The request that waits for an ack of this number. Null: there is none.
  const IndirectPingRequest* Find(uint32_t own_sequence) const;
  // The ack was passed on.
  void End(uint32_t own_sequence) { pending_.erase(own_sequence); }
  // The requests whose askers get a nack now. Forgets those that are over.
  std::vector<IndirectPingRequest> TakeNacks(absl::Time now);
  void Shift(absl::Duration by);

  absl::Time NextDeadline() const;

 private:
  struct Pending {
    IndirectPingRequest request;
    absl::Time nack_at;  // Infinite: sent, or not wanted.
    absl::Time expires;
  };

  const absl::Duration timeout_;
  const size_t requests_max_;
  std::map<uint32_t, Pending> pending_;  // By own sequence.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_INDIRECT_PINGS_H_
