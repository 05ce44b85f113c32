// SharedState: what the parts of a Membership share.
//
// A part (FailureDetector, Verifier, PingResponder, ...) keeps what it alone
// needs, and takes the members, the datagrams to send, the streams to open and
// the events to tell from here. It holds a reference, so a SharedState stays
// where it is and outlives its parts.
//
// Part of the core: no I/O, no clock.
#ifndef LB_GOSSIP_SHARED_STATE_H_
#define LB_GOSSIP_SHARED_STATE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/gossip/answer_places.h"
#include "lb/gossip/member.h"
#include "lb/gossip/options.h"
#include "lb/gossip/outbox.h"
#include "lb/gossip/own_requests.h"
#include "lb/gossip/ping_numbers.h"
#include "lb/gossip/roster.h"

namespace lb::gossip {

struct SharedState {
  // As the constructor of Membership.
  SharedState(const GossipOptions& options, NodeIdentity self, const Prng& root,
              absl::Time now, uint32_t first_number)
      : options(options),
        prng(root.Fork("membership")),
        roster(this->options, std::move(self), root.Fork("roster"), now,
               &counters),
        outbox(this->options, roster),
        requests(options.streams.requests_max),
        numbers(first_number) {}
  SharedState(const SharedState&) = delete;
  SharedState& operator=(const SharedState&) = delete;

  // False: too many streams are open, which is counted.
  bool OpenRequest(absl::Time now, absl::Time deadline, OwnRequest request) {
    const bool opened = requests.Open(now, deadline, std::move(request));
    if (!opened) ++counters.overflow.streams;
    return opened;
  }

  const GossipOptions options;
  GossipCounters counters;
  Prng prng;
  Roster roster;
  Outbox outbox;
  OwnRequests requests;
  AnswerPlaces places;
  PingNumbers numbers;
  std::vector<GossipEvent> events;  // In the order in which users get them.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_SHARED_STATE_H_
