// AgentOptions: what is decided before an agent starts.
#ifndef LB_DAEMON_AGENT_NODE_OPTIONS_H_
#define LB_DAEMON_AGENT_NODE_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/announcing.h"
#include "daemon/agent/handover.h"
#include "lb/announce/interface.h"
#include "lb/election/policy.h"
#include "lb/gossip/gossip_node.h"
#include "lb/net/endpoint.h"

namespace lb {

struct AgentOptions {
  std::string node;                 // Its name in the cluster.
  net::Endpoint advertise;          // Where the others reach its gossip.
  std::vector<net::Endpoint> join;  // Others to find the cluster through.
  gossip::GossipOptions gossip;     // Timings.
  gossip::wire::Keyring keyring;    // Empty: gossip in the clear.
  announce::InterfaceOptions interfaces;
  Delivery delivery = Delivery::kNone;
  absl::Duration settle_time = absl::Seconds(5);
  election::Policy election_policy = election::Policy::kCompat;
  // For how long a node that comes back says so; see lb/election.
  absl::Duration hold_down = absl::Seconds(60);
  HandoverOptions handover;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_NODE_OPTIONS_H_
