// Invariants of nodes by themselves, whatever their routers have.
#ifndef LB_TESTS_SIM_CHAOS_BGP_NODE_CHECKS_H_
#define LB_TESTS_SIM_CHAOS_BGP_NODE_CHECKS_H_

#include <optional>
#include <string>

#include "tests/sim/chaos/bgp/stage.h"

namespace lb::chaos {

// Nullopt: the tables and queues of a node are no larger than the cluster
// needs. Otherwise says which is.
std::optional<std::string> WhyBeyondLimits(BgpStage& stage,
                                           const BgpNode& node);

// Nullopt: each address is on "lo" of the nodes that announce it, and of no
// other, and one node at most answers for it on layer 2. REQUIRES: all run.
std::optional<std::string> WhyNotDelivered(BgpStage& stage);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_NODE_CHECKS_H_
