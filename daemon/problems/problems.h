// Problems: lists what is wrong at the moment and needs an operator.
//
// ListProblems() reads an agent and changes nothing. Each kind of problem has
// one small function in problems.cc. A problem is listed as long as its cause
// lasts. In a healthy cluster the list is empty.
//
// Loop thread only.
#ifndef LB_DAEMON_PROBLEMS_PROBLEMS_H_
#define LB_DAEMON_PROBLEMS_PROBLEMS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace lb {

struct NodeView;

// In the order in which problems are listed; status.proto explains each.
enum class ProblemKind {
  kObjectRefused,
  kAddressConflict,
  kOrphanedAddress,
  kOwnedAddress,
  kInterface,
  kStrictArp,
  kState,
  kLongTurn,
  kApiServer,
  kGossip,
  kHeldBack,
  kNoAddress,
  kRequestRefused,
  kNoAnnouncer,
  kUnableAnnouncer,
  kLostEndpoints,
  kPeer,
  kRoute,
  kNodeName,
  kOptions,
};

struct Problem {
  ProblemKind kind = ProblemKind::kObjectRefused;
  std::string object;  // "Kind/name" or "Kind/namespace/name"; may be empty.
  std::string text;    // "object: place: what is wrong, what is wanted"

  friend bool operator==(const Problem&, const Problem&) = default;
};

std::vector<Problem> ListProblems(const NodeView& view);

struct ProblemList {
  std::vector<Problem> problems;
  size_t omitted = 0;  // Number of further ones.
};

// Lists the first `problems_max` problems of the wanted kinds. Further ones are
// only counted, which takes much less time than to find their remedies.
ProblemList ListProblems(const NodeView& view,
                         const std::function<bool(ProblemKind)>& wants,
                         size_t problems_max);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_PROBLEMS_H_
