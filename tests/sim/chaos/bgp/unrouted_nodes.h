// UnroutedNodes: which simulated nodes have peers and no session with any, and
// since when. Such a node can take no other node's traffic over.
#ifndef LB_TESTS_SIM_CHAOS_BGP_UNROUTED_NODES_H_
#define LB_TESTS_SIM_CHAOS_BGP_UNROUTED_NODES_H_

#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "daemon/node_view/node_view.h"
#include "tests/sim/chaos/bgp/stage.h"

namespace lb::chaos {

class UnroutedNodes {
 public:
  // So soon each node has heard that another has no session any more.
  static constexpr absl::Duration kHeard = absl::Seconds(5);

  explicit UnroutedNodes(size_t nodes)
      : since_(nodes, absl::InfiniteFuture()) {}

  // Call it every BgpChecker::kInterval.
  void Follow(BgpStage& stage, const BgpNode& node);
  // The numbers of those that could take the traffic of `view` over, as it sees
  // them. What one of them must have told by now counts, whether the node has
  // it or not.
  std::vector<int> OthersOf(BgpStage& stage, const NodeView& view) const;

 private:
  // By node. InfiniteFuture: it has a session, or others may not hear what it
  // says.
  std::vector<absl::Time> since_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_UNROUTED_NODES_H_
