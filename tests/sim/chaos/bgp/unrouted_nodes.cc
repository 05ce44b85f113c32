#include "tests/sim/chaos/bgp/unrouted_nodes.h"

#include <algorithm>

#include "absl/strings/numbers.h"

namespace lb::chaos {

void UnroutedNodes::Follow(BgpStage& stage, const BgpNode& node) {
  absl::Time& since = since_[node.number - 1];
  if (!node.speaks() || stage.is_gossip_harmed()) {
    since = absl::InfiniteFuture();
    return;
  }
  const auto peers = node.agent->View().routing.Peers();
  const bool is_routed =
      peers.empty() || std::any_of(peers.begin(), peers.end(), [](auto& peer) {
        return peer.state == bgp::SessionState::kEstablished;
      });
  since = is_routed ? absl::InfiniteFuture() : std::min(since, stage.Now());
}

std::vector<int> UnroutedNodes::OthersOf(BgpStage& stage,
                                         const NodeView& view) const {
  std::vector<int> others;
  for (const auto& member : view.LiveMembers()) {
    const bool cannot = member.metadata && (member.metadata->draining ||
                                            member.metadata->unrouted);
    int number = 0;
    const bool counts = member.name != view.options.node && !cannot &&
                        absl::SimpleAtoi(member.name.substr(1), &number);
    if (!counts) continue;
    if (stage.Now() - since_[number - 1] > kHeard) continue;
    others.push_back(number);
  }
  return others;
}

}  // namespace lb::chaos
