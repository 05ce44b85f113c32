// PingNumbers: the sequence numbers of this node's pings.
//
// An ack is matched by its number alone, so all pings of a node draw from one
// sequence. Pings of newcomers have the upper half of the numbers to
// themselves; see NewcomerQueue::kSequenceMin.
#ifndef LB_GOSSIP_PING_NUMBERS_H_
#define LB_GOSSIP_PING_NUMBERS_H_

#include <cstdint>

#include "lb/gossip/newcomer_queue.h"

namespace lb::gossip {

class PingNumbers {
 public:
  // `last`: as if a ping of this number had been sent. It is random, or acks of
  // an earlier run would match.
  explicit PingNumbers(uint32_t last) : last_(last) {}

  uint32_t Next() { return last_ = (last_ + 1) % NewcomerQueue::kSequenceMin; }

 private:
  uint32_t last_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_PING_NUMBERS_H_
