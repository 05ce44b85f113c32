// Bounds: the times within which the cluster must be right again, computed from
// its options.
//
//   detection     = awareness * probe_interval + longest suspicion
//   gossip        = gossip_interval * transmissions of a message
//   verification  = a lost ping, and one by all ways, to a member that is back
//   settlement    = fresh owners insist + one insists again + claim_wait
//   double_answer = detection + gossip + verification + settlement
//   unheard       = double_answer + the longest time between two refreshes
//   call          = reconnect_interval_max, stretched likewise + tcp_timeout
//   rounds        = two rounds of probes
//   declared      = detection + gossip + rounds
//   facts         = gossip + one more request + one full exchange
//   rest          = double_answer + rejoining + one full exchange + settle_time
//                   + a release + one more try against a foreign host
#ifndef LB_TESTS_SIM_CHAOS_BOUNDS_H_
#define LB_TESTS_SIM_CHAOS_BOUNDS_H_

#include <string>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"

namespace lb::chaos {

// A new owner announces in rounds; the last but the periodic ones is at 5 s.
inline constexpr absl::Duration kFirstRounds = absl::Seconds(6);

struct Bounds {
  absl::Duration detection;
  absl::Duration gossip;
  absl::Duration verification;
  absl::Duration settlement;
  absl::Duration refresh;    // The longest time between two of them.
  absl::Duration rejoining;  // And one full exchange.
  absl::Duration call;       // Between two to a non-member, at most.
  absl::Duration rounds;     // Of probes, by a node that is well.
  // From a node's silence until it is no member of one that is well.
  absl::Duration declared;
  absl::Duration facts;  // Of a host, until all nodes know them.
  absl::Duration retry;  // A release, one more try against a foreign host.
  // The longest time for which two nodes that hear each other may answer for
  // one address.
  absl::Duration double_answer;
  // The same if the frames of their first rounds were lost, because the segment
  // was cut or lossy when they began.
  absl::Duration unheard;
  // A node that starts claims nothing before this time, unless it has heard of
  // others.
  absl::Duration settle_time;
  // If nothing is done to the cluster for this long, all nodes agree.
  absl::Duration rest;

  std::string ToString() const;
};

Bounds BoundsOf(const AgentOptions& options, int nodes);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BOUNDS_H_
