// AgentOptions: what is decided before an agent starts.
#ifndef LB_DAEMON_AGENT_NODE_OPTIONS_H_
#define LB_DAEMON_AGENT_NODE_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/announcing/announcing.h"
#include "lb/announce/handover.h"
#include "lb/announce/interface.h"
#include "lb/election/policy.h"
#include "lb/gossip/gossip_node.h"
#include "lb/net/endpoint.h"
#include "lb/net/host_port.h"
#include "lb/net/ip_address.h"

namespace lb {

struct AgentOptions {
  std::string node;  // Its name in the cluster.
  // Where the others reach its gossip. Unspecified (0.0.0.0, [::]): an address
  // of the host, see AdvertisedAddress.
  net::Endpoint advertise;
  std::vector<net::HostPort> join;  // Others to find the cluster through.
  gossip::GossipOptions gossip;     // Timings.
  gossip::wire::Keyring keyring;    // Empty: gossip in the clear.
  // Addresses are those in the statuses of Kubernetes' Services: they come by
  // Agent::SetRecorded(), and no ledger is kept with the others. Members are
  // found by Agent::JoinAt(), besides `join`.
  bool follows_records = false;
  std::string gossip_label;  // Empty: none. See wire::CodecOptions.
  // Which key of a secret encrypts, when a later one is put to use.
  gossip::wire::KeyDerivation key_derivation =
      gossip::wire::KeyDerivation::kSha256;
  announce::InterfaceOptions interfaces;
  Delivery delivery = Delivery::kNone;
  absl::Duration settle_time = absl::Seconds(5);
  election::Policy election_policy = election::Policy::kCompat;
  // Announce although the node has the label that excludes it from load
  // balancers; counts if all lbds of the cluster have it.
  bool ignore_exclude_label = false;
  // For how long a node that comes back says so; see lb/election.
  absl::Duration hold_down = absl::Seconds(60);
  announce::HandoverOptions handover;
  // Names the boot of the kernel; empty: not known. With it, BGP peers that
  // support graceful restart keep the routes of a node whose lbd is started
  // again.
  std::string boot_id;
  // Marks of the Node object (NodeAttributes::marks) for which the node drains.
  std::vector<std::string> drain_on;
  // Where BGP peers may dial this node. Nullopt: nothing listens.
  std::optional<net::Endpoint> bgp_listen;
  // How long routers have to move their flows from a node that drains.
  absl::Duration drain_wait = absl::Seconds(5);
};

// A node that was not run for so long keeps silent until it has heard from the
// cluster. It is the least time in which others can find out that it is gone,
// and take over what it has: a suspicion that all confirm at once.
inline absl::Duration StallMaxOf(const AgentOptions& options) {
  return options.gossip.probe.interval * options.gossip.suspicion.mult;
}

// The addresses of the join list; its host names are not resolved.
inline std::vector<net::IpAddress> JoinAddressesOf(
    const AgentOptions& options) {
  std::vector<net::IpAddress> addresses;
  for (const net::HostPort& seed : options.join) {
    if (seed.address) addresses.push_back(*seed.address);
  }
  return addresses;
}

}  // namespace lb

#endif  // LB_DAEMON_AGENT_NODE_OPTIONS_H_
