// Node: a node of the stage, and what the faults under way do to it.
#ifndef LB_TESTS_SIM_CHAOS_NODE_H_
#define LB_TESTS_SIM_CHAOS_NODE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_prefix.h"
#include "tests/sim/chaos/altered_world.h"
#include "tests/sim/sim_node.h"

namespace lb::chaos {

struct Node : SimNode {
  std::unique_ptr<AlteredWorld> world;  // Of this run of the agent.
  // For each fault, how many faults under way do it to this node.
  int down = 0;
  int paused = 0;
  int unplugged = 0;
  int drained = 0;
  int broken = 0;
  int stale = 0;
  int disk_full = 0;
  int without_ipv6 = 0;
  int other_key = 0;
  std::vector<net::IpPrefix> lost_ipv6;  // What its host had before.
  // Its host has lost an address of the services, and the node could not tell
  // the others.
  bool told_more = false;
  std::vector<net::Endpoint> join;  // Of this run of the agent.
  absl::Time paused_at;
  // When it last started, or was woken from a pause that others must notice,
  // and how many events its log, and exchanges its gossip had had then.
  absl::Time awake_at;
  uint64_t events_then = 0;
  uint64_t exchanges_then = 0;
  // Since its disk was emptied it has not been seen to agree with others.
  bool forgetful = false;
  bool cut_off = false;  // Meanwhile it may not have heard the others.
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_NODE_H_
