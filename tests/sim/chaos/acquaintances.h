// Acquaintances: knows which nodes can tell each other from foreign hosts.
//
// A node knows the MAC of each member that has answered it, in this life or in
// one before it from which its disk was kept. This reads the nodes' gossip, not
// their MAC tables.
#ifndef LB_TESTS_SIM_CHAOS_ACQUAINTANCES_H_
#define LB_TESTS_SIM_CHAOS_ACQUAINTANCES_H_

#include <map>
#include <set>
#include <utility>

#include "tests/sim/chaos/stage.h"

namespace lb::chaos {

class Acquaintances {
 public:
  // Call it every kInterval.
  static constexpr absl::Duration kInterval = absl::Seconds(1);
  void Follow(Stage& stage);

  // True if both run and know each other. False: one started while gossip was
  // cut, and has never heard of the other, or of a host that took its name.
  bool KnowEachOther(const Node& a, const Node& b) const;

 private:
  using Pair = std::pair<const Node*, const Node*>;

  bool Knows(const Pair& pair) const;

  // How many times in a row the first was seen to know the second while its
  // disk was well; enough of them mean that it is on the disk.
  std::map<Pair, int> seen_;
  std::set<Pair> saved_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_ACQUAINTANCES_H_
