// Explanation: who stands where in one election, and why its winner wins.
//
// Values and a pure function; any thread.
//
//   const Explanation why =
//       Explain(cluster, {.address = vip, .pool = "first-pool"});
//   why.reason;  // "n1 ranks first of 3: it has the lowest digest"
#ifndef LB_ELECTION_EXPLANATION_H_
#define LB_ELECTION_EXPLANATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/election/digest.h"
#include "lb/election/election.h"
#include "lb/net/ip_address.h"

namespace lb::election {

struct NodeExplanation {
  std::string node;
  NodeVerdict verdict = NodeVerdict::kNotMember;
  size_t rank = 0;  // 1, 2, ...; 0: no candidate.
  int64_t score = 0;
  Digest digest = {};  // ToHex() prints it.
  std::string lack;    // NodeStanding::lack

  friend bool operator==(const NodeExplanation&,
                         const NodeExplanation&) = default;
};

struct Explanation {
  net::IpAddress address;
  Policy policy = Policy::kCompat;
  std::optional<std::string> holder;    // Candidate or not.
  std::optional<std::string> winner;    // Nullopt: there is no candidate.
  std::vector<std::string> interfaces;  // The winner's; empty: all of its own.
  std::string reason;                   // One sentence without a full stop.
  // Every member and every node that has attributes: candidates by rank, then
  // the others by name.
  std::vector<NodeExplanation> nodes;
};

// Explains Elect(cluster, vip).
Explanation Explain(const Cluster& cluster, const Vip& vip);

// How much a node announces of what is balanced.
struct Load {
  size_t announced = 0;
  size_t share = 0;  // The most that it should.
};

// Explains an election among others by Policy::kBalanced, which chose `winner`,
// a candidate. `load` is the winner's.
Explanation ExplainBalanced(const Cluster& cluster, const Vip& vip,
                            const std::string& winner, const Load& load);

}  // namespace lb::election

#endif  // LB_ELECTION_EXPLANATION_H_
