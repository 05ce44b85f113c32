// Departed: a member that is silent is declared dead, whatever is played back.
//
// A node is silent if it does not run, is stopped, or is heard by no other.
// Each node that acts and talks with all others that do must stop counting it
// as a member within the bound, and may not count it again before it speaks. A
// node most of whose probes fail takes itself for unwell and probes less often
// (Lifeguard), so its rounds of probes may take as many times as long. A
// recorded message of a later incarnation than the known one looks as if it
// spoke, with and without the key. So each such message gives it one more term,
// but only once.
#ifndef LB_TESTS_SIM_CHAOS_DEPARTED_H_
#define LB_TESTS_SIM_CHAOS_DEPARTED_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {

class Departed {
 public:
  // As Bounds has them: `declared` and `rounds`, which is a part of it.
  Departed(absl::Duration bound, absl::Duration rounds)
      : bound_(bound), rounds_(rounds) {}

  // Call it regularly. Returns the silent node that is taken for alive.
  std::optional<std::string> WhoLivesOn(Stage& stage);

 private:
  // What a node knew about the silent node when its term began.
  struct Term {
    absl::Time began;
    uint32_t incarnation = 0;
    int unwell = 0;  // The node's highest health score since.
  };

  void FollowSilent(Stage& stage);
  bool TalksWithAll(Stage& stage, const Node& node) const;
  bool LivesOn(const Node& node, const Node& silent, absl::Time now);

  const absl::Duration bound_;
  const absl::Duration rounds_;
  std::map<const Node*, absl::Time> silent_since_;
  std::map<const Node*, absl::Time> apart_at_;  // Did not talk with all others.
  // By the node and the silent other.
  std::map<std::pair<const Node*, const Node*>, Term> terms_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_DEPARTED_H_
