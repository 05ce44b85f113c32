// ExchangeSchedule: when this node begins full exchanges, and with which peers.
//
// There are three reasons: the regular exchange with a random member every
// push_pull_interval (push/pull), seeds and failed peers that are tried again
// (ReconnectQueue), and much news that several members are to have soon
// (PushPullBurst).
//
// It opens streams; FullExchange writes and merges what goes over them.
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_EXCHANGE_SCHEDULE_H_
#define LB_GOSSIP_EXCHANGE_SCHEDULE_H_

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/gossip/push_pull_burst.h"
#include "lb/gossip/reconnect_queue.h"
#include "lb/gossip/shared_state.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class ExchangeSchedule {
 public:
  // The first regular exchange comes at a random phase.
  ExchangeSchedule(SharedState& state, const Prng& root, absl::Time now);

  // Which seeds and failed peers are to be tried.
  ReconnectQueue& reconnects() { return reconnects_; }

  // Exchanges with as many members as a broadcast is sent to, soon.
  void AskForBurst(absl::Time now);
  // A stream has ended, so there may be room for the next peer.
  void GoOnWithBurst(absl::Time now);
  // Tries the seeds and failed peers that are due.
  void RunRejoin(absl::Time now);

  void OnTimer(absl::Time now);
  absl::Time NextDeadline() const;

 private:
  void RunPushPull(absl::Time now);
  void Open(absl::Time now, const net::Endpoint& peer, bool join);
  int scale() const;

  SharedState& state_;
  ReconnectQueue reconnects_;
  PushPullBurst burst_;
  absl::Time next_push_pull_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_EXCHANGE_SCHEDULE_H_
