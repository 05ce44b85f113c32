// StartingCluster: nodes that start together, on the simulated network.
//
// Measures the time from the last start until each node has verified all
// others. One seed, one answer.
#ifndef LB_GOSSIP_TESTING_STARTING_CLUSTER_H_
#define LB_GOSSIP_TESTING_STARTING_CLUSTER_H_

#include <cstdint>
#include <ostream>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/gossip/options.h"

namespace lb::gossip {

// The join list of a node: the first node, all nodes, or the node before it.
enum class JoinList { kFirst, kAll, kChain };

struct StartingClusterOptions {
  int nodes = 0;
  GossipOptions gossip = LanProfile();
  JoinList join = JoinList::kFirst;
  uint64_t seed = 1;
  double loss_percent = 0;
  absl::Duration spread;  // Each node starts at a random time within it.
};

// Returns `limit` if some node has not verified all others by then.
absl::Duration TimeUntilAllVerifiedAll(const StartingClusterOptions& options,
                                       absl::Duration limit);

// The same nodes, timings and starts by hashicorp/memberlist's rules: a model
// of its dissemination (queue of broadcasts, gossip and probes that carry them,
// full exchanges), without loss. All join the first.
absl::Duration MemberlistTimeUntilAllKnowAll(
    const StartingClusterOptions& options, absl::Duration limit);

struct NamedProfile {
  std::string_view name;
  GossipOptions options;

  friend void PrintTo(const NamedProfile& profile, std::ostream* out) {
    *out << profile.name;
  }
};

// All profiles by name.
std::vector<NamedProfile> Profiles();

// The times of many runs.
struct StartingTimes {
  absl::Duration median;
  absl::Duration worst;
};
StartingTimes Summarize(std::vector<absl::Duration> times);

}  // namespace lb::gossip

#endif  // LB_GOSSIP_TESTING_STARTING_CLUSTER_H_
