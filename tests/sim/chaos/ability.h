// Ability: no node answers for an IPv6 address where it has no IPv6.
//
// Follows the addresses on eth0 of the nodes' hosts. A node whose host loses
// its IPv6 addresses may go on for the bound and no longer: in that time it
// must notice and give up its IPv6 services.
#ifndef LB_TESTS_SIM_CHAOS_ABILITY_H_
#define LB_TESTS_SIM_CHAOS_ABILITY_H_

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {

class Ability {
 public:
  explicit Ability(absl::Duration bound) : bound_(bound) {}

  // Call it regularly. Returns what is wrong.
  std::optional<std::string> Follow(Stage& stage);

 private:
  using Answer = std::pair<const Node*, net::IpAddress>;

  const absl::Duration bound_;
  // Since when a node without IPv6 answers for an address.
  std::map<Answer, absl::Time> since_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_ABILITY_H_
