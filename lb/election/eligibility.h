// Eligibility: which nodes may announce an address, and why the others may not.
//
// It comes before any election and goes by no protocol's choice: of the nodes
// that may announce, an election on layer 2 takes one (election.h), and a
// protocol that announces from several nodes takes all. The rules are those of
// MetalLB's layer-2 mode; reasons have its names. A node is eligible if it is a
// live member, an advertisement of the address's pool that matches the service
// reaches it, nothing excludes it, and, with externalTrafficPolicy Local, it
// has a usable endpoint. Beyond MetalLB, a node that cannot announce the
// address on any of the interfaces is not eligible; one that drains is eligible
// only if no other node is, and one that can announce the first address of a
// service but not the second only if no node can announce both.
//
// Pure functions over values: any thread; the same values give the same answer
// everywhere, in whatever order members and advertisements are listed.
//
//   const Eligibilities nodes =
//       JudgeEligibility(cluster, {.address = vip, .pool = "first-pool"});
//   for (const auto& [name, eligibility] : nodes) {
//     if (eligibility.is_eligible()) ...
//   }
#ifndef LB_ELECTION_ELIGIBILITY_H_
#define LB_ELECTION_ELIGIBILITY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/election/cluster.h"

namespace lb::election {

enum class NodeVerdict {
  kAnnouncer,
  kNotOwner,  // Eligible, but another one is elected.
  kNotMember,
  kNoEndpoints,
  kNoMatchingAdvertisement,
  kSharedIpWithServiceSelector,
  kNodeNetworkUnavailable,
  kNodeLabeledExcludeBalancers,
  kNoLocalEndpoints,
  // It cannot announce the address on any interface that is allowed.
  kNoUsableInterface,
  kNodeDraining,   // While any other node is eligible.
  kNodeSilent,     // The same.
  kOnlyOneFamily,  // While another eligible node can announce both addresses.
  kEligible,       // It may announce; no election has been held.
};

// "announcer", "notMember", "noUsableInterface", "nodeDraining", "nodeSilent",
// "onlyOneFamily", "eligible", else MetalLB's reason, such as "notOwner".
std::string_view ToString(NodeVerdict verdict);

struct Eligibility {
  // kEligible, or why the node may not announce.
  NodeVerdict verdict = NodeVerdict::kNotMember;
  bool draining = false;  // Or silent.
  bool silent = false;
  bool one_family = false;  // Can announce the first of two addresses only.
  // What an election prefers: nodes that do not hold down (always false with
  // Policy::kCompat), and the sum of preferredNodeSelectors' weights, which is
  // there for a node that is not eligible, too.
  bool holding_down = false;
  int64_t score = 0;
  // Where and how often it would announce, as its advertisements say.
  std::vector<std::string> interfaces = {};  // Sorted; empty: all.
  std::optional<absl::Duration> refresh = {};
  // What the node cannot announce, and the interfaces that it has: "wants NDP
  // on eth7; it has eth0 (ARP)". Empty: it can announce all.
  std::string lack = {};

  bool is_eligible() const { return verdict == NodeVerdict::kEligible; }

  friend bool operator==(const Eligibility&, const Eligibility&) = default;
};

// By node.
using Eligibilities = std::map<std::string, Eligibility, std::less<>>;

// Judges every member and every node of Cluster::nodes.
Eligibilities JudgeEligibility(const Cluster& cluster, const Vip& vip);

}  // namespace lb::election

#endif  // LB_ELECTION_ELIGIBILITY_H_
