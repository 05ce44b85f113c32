// Strangers: a peer with another gossip key is no member, and is named.
//
// Two nodes with different keys do not count each other as members; one that
// was a member before it got another key may pass for one for the bound in
// which a dead member is found. The outsider is no node's member at any time. A
// node that is in a stranger's join list lists the stranger among the peers
// that it cannot read.
#ifndef LB_TESTS_SIM_CHAOS_STRANGERS_H_
#define LB_TESTS_SIM_CHAOS_STRANGERS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/sim/chaos/bounds.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {

class Strangers {
 public:
  explicit Strangers(const Bounds& bounds) : bounds_(bounds) {}

  // Call each regularly. Returns what is wrong.
  std::optional<std::string> WhoIsTakenIn(Stage& stage);
  std::optional<std::string> WhoIsNotNamed(Stage& stage);

 private:
  using Pair = std::pair<const Node*, const Node*>;  // A node, a stranger.

  // The pairs that run, with different keys, and could notice it.
  static std::vector<Pair> PairsOf(Stage& stage);

  const Bounds bounds_;
  absl::Time harmed_at_ = absl::InfinitePast();  // When a path last was.
  // Since when the stranger counts as a member, and is not listed.
  std::map<Pair, absl::Time> taken_since_;
  std::map<Pair, absl::Time> unnamed_since_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_STRANGERS_H_
