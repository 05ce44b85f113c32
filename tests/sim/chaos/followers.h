// Followers: clients send their packets to the node that owns the address.
//
// A round of announcements that clients cannot have missed must come after the
// last other node fell silent. From then on no client sends elsewhere, but for
// a moment: another node that claims the address for a blink of gossip may be
// the last that a client hears, until the owner has the last word.
#ifndef LB_TESTS_SIM_CHAOS_FOLLOWERS_H_
#define LB_TESTS_SIM_CHAOS_FOLLOWERS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/node.h"
#include "tests/sim/chaos/stage.h"
#include "tests/sim/lan_host.h"

namespace lb::chaos {

// By address, the nodes that answer for it.
using Answering = std::map<net::IpAddress, std::vector<Node*>>;

class Followers {
 public:
  // Call it regularly. Returns the client that sends to a wrong node, and to
  // which one.
  std::optional<std::string> WhoIsAstray(Stage& stage,
                                         const Answering& answering);

 private:
  // The time at which clients had heard that the first of `nodes` has the
  // address. Nullopt: they may not have yet, or others answer for it too.
  std::optional<absl::Time> HeardAt(const net::IpAddress& vip,
                                    const std::vector<Node*>& nodes,
                                    absl::Time now);
  void ForgetTheSilent(const Answering& answering);

  // The last time of a fault by which a client may miss an announcement, or
  // hear a wrong one.
  absl::Time unheard_at_ = absl::InfinitePast();
  // Since when a node answers for an address, and since when alone.
  std::map<std::pair<net::IpAddress, const Node*>, absl::Time> answers_since_;
  std::map<net::IpAddress, std::pair<const Node*, absl::Time>> alone_since_;
  // Since when a client sends elsewhere.
  std::map<std::pair<const LanHost*, net::IpAddress>, absl::Time> astray_since_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_FOLLOWERS_H_
