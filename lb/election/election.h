// Elect: which of the eligible nodes announces an address on layer 2.
//
// One node answers for an address on an Ethernet segment. One of the nodes that
// may (eligibility.h) is elected: they are ranked by digest.h, and policy.h
// says which of them wins. ElectionTable (election_table.h) does the same for
// all services at once, as lbd does. With the policy compat, and as long as
// nothing beyond MetalLB's inputs is set, the result is MetalLB's bit for bit.
//
// Pure functions over values: any thread; the same values give the same answer
// everywhere, in whatever order members and advertisements are listed.
//
//   const Decision decision =
//       Elect(cluster, {.address = vip, .pool = "first-pool"});
//   if (decision.winner == "n1") ...
#ifndef LB_ELECTION_ELECTION_H_
#define LB_ELECTION_ELECTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/election/cluster.h"
#include "lb/election/digest.h"
#include "lb/election/eligibility.h"
#include "lb/election/policy.h"

namespace lb::election {

struct NodeStanding {
  std::string node;
  NodeVerdict verdict = NodeVerdict::kNotMember;
  int64_t score = 0;  // Eligibility::score
  std::string lack;   // Eligibility::lack

  friend bool operator==(const NodeStanding&, const NodeStanding&) = default;
};

struct Decision {
  std::optional<std::string> winner;  // Nullopt: there is no candidate.
  // All candidates: with sticky and balanced those that hold down last, then by
  // score and digest. The first wins, but for a holder that keeps the address.
  std::vector<RankedNode> ranked;
  Policy policy = Policy::kCompat;  // The one that applied.
  // Every member and every node of Cluster::nodes, by name.
  std::vector<NodeStanding> standings;
  // Where the winner announces, sorted; empty: on all its interfaces.
  std::vector<std::string> interfaces;

  friend bool operator==(const Decision&, const Decision&) = default;
};

// Elects one of the eligible nodes for `vip`. `nodes` has the whole cluster.
Decision Elect(const Eligibilities& nodes, const Vip& vip, Policy policy);

// Elects one of JudgeEligibility(cluster, vip), by the policy that applies to
// the service. Balanced is sticky here, because one address leaves nothing to
// balance. ElectionTable elects for all services together.
Decision Elect(const Cluster& cluster, const Vip& vip);

}  // namespace lb::election

#endif  // LB_ELECTION_ELECTION_H_
