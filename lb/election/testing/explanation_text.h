// An Explanation as a table of text, and Moves as lines.
#ifndef LB_ELECTION_TESTING_EXPLANATION_TEXT_H_
#define LB_ELECTION_TESTING_EXPLANATION_TEXT_H_

#include <string>
#include <vector>

#include "fmt/format.h"
#include "lb/election/election_table.h"
#include "lb/election/explanation.h"

namespace lb::election {

// One line for the election, one per node; of digests the first eight digits.
inline std::string ToText(const Explanation& explanation) {
  std::string text = fmt::format(
      "{} {} holder={} winner={} [{}]: {}\n", explanation.address.ToString(),
      ToString(explanation.policy), explanation.holder.value_or("-"),
      explanation.winner.value_or("-"), fmt::join(explanation.interfaces, " "),
      explanation.reason);
  for (const NodeExplanation& node : explanation.nodes) {
    text += fmt::format("{} {} {} score={} {}{}\n", node.rank, node.node,
                        ToString(node.verdict), node.score,
                        ToHex(node.digest).substr(0, 8),
                        node.lack.empty() ? "" : ": " + node.lack);
  }
  return text;
}

inline std::string ToText(const std::vector<Move>& moves) {
  std::string text;
  for (const Move& move : moves) {
    text += fmt::format("{} {} {}->{}\n", move.key, move.address.ToString(),
                        move.from, move.to);
  }
  return text;
}

}  // namespace lb::election

#endif  // LB_ELECTION_TESTING_EXPLANATION_TEXT_H_
