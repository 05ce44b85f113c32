// From the daemon's options (flags, options file) to the agent's.
#ifndef LB_DAEMON_AGENT_OPTIONS_H_
#define LB_DAEMON_AGENT_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "daemon/agent/agent.h"
#include "lb/config/options.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/io/link_monitor.h"
#include "lb/net/endpoint.h"

namespace lb {

// What the others are told to send to: gossip-advertise if it is given, else
// the address that is bound, else (bound to 0.0.0.0 or ::) the first global
// address of that family on a link that is up. `bound` has the port in use.
// FailedPrecondition: there is no such address.
absl::StatusOr<net::Endpoint> AdvertisedEndpoint(
    const config::Options& options, const net::Endpoint& bound,
    absl::Span<const io::Link> links);

// The key of the secret in the file, as MetalLB makes it. Errors
// are ReadTextFile()'s, of at most 4 KiB; InvalidArgument: it is empty.
absl::StatusOr<gossip::wire::Keyring> ReadGossipSecret(const std::string& path);

// `host_name` is used if the options name no node.
absl::StatusOr<AgentOptions> MakeAgentOptions(const config::Options& options,
                                              const std::string& host_name,
                                              const net::Endpoint& bound,
                                              absl::Span<const io::Link> links);

}  // namespace lb

#endif  // LB_DAEMON_AGENT_OPTIONS_H_
