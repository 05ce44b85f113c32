// Ownership: an address that a host of ours owns is no service address.
//
// Follows the addresses on eth0 of the nodes' hosts. No node may answer for
// such an address or have it on "lo" for longer than the bound: the time that
// facts need to travel between nodes that are up and hear each other. An
// address that a host has from the beginning is given to no service at all.
#ifndef LB_TESTS_SIM_CHAOS_OWNERSHIP_H_
#define LB_TESTS_SIM_CHAOS_OWNERSHIP_H_

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {

class Ownership {
 public:
  explicit Ownership(absl::Duration bound) : bound_(bound) {}

  // Call it regularly. `is_cut`: some nodes may not hear others. Returns what
  // is wrong.
  std::optional<std::string> Follow(Stage& stage, bool is_cut);

 private:
  std::optional<std::string> FollowOwner(Stage& stage, const Node& owner,
                                         const net::IpAddress& address);

  const absl::Duration bound_;
  absl::Time cut_at_ = absl::InfinitePast();
  // The time since when a node uses an address of a host that both could know
  // of.
  std::map<std::pair<const Node*, net::IpAddress>, absl::Time> since_;
};

// The services' names that hold an address which a host had from the beginning.
std::optional<std::string> WhoHoldsAHostsAddress(Stage& stage,
                                                 const Node& node);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_OWNERSHIP_H_
