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
  // Asked regularly. Which client is led astray, by what.
  std::optional<std::string> WhoIsAstray(Stage& stage,
                                         const Answering& answering);

 private:
  // When clients had heard that the first of `nodes` has the address. Nullopt:
  // they may not have yet, or others answer for it too.
  std::optional<absl::Time> HeardAt(const net::IpAddress& vip,
                                    const std::vector<Node*>& nodes,
                                    absl::Time now);
  void ForgetTheSilent(const Answering& answering);

  // When a fault was last active by which a client may miss an announcement, or
  // hear another's.
  absl::Time unheard_at_ = absl::InfinitePast();
  // Since when a node answers for an address, and since when alone.
  std::map<std::pair<net::IpAddress, const Node*>, absl::Time> answers_since_;
  std::map<net::IpAddress, std::pair<const Node*, absl::Time>> alone_since_;
  // Since when a client sends elsewhere.
  std::map<std::pair<const LanHost*, net::IpAddress>, absl::Time> astray_since_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_FOLLOWERS_H_
