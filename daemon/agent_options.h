// Turns the daemon's options (flags, options file) into the agent's.
#ifndef LB_DAEMON_AGENT_OPTIONS_H_
#define LB_DAEMON_AGENT_OPTIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "daemon/agent/agent.h"
#include "daemon/options/options.h"
#include "lb/net/endpoint.h"

namespace lb {

// The address to advertise: gossip-advertise if it is given, else the bound
// address; this may be 0.0.0.0 or ::, for which the agent then chooses one.
// `bound` has the port in use.
net::Endpoint AdvertisedEndpoint(const Options& options,
                                 const net::Endpoint& bound);

// `host_name` is used, in lower case, if the options name no node.
absl::StatusOr<AgentOptions> MakeAgentOptions(const Options& options,
                                              const std::string& host_name,
                                              const net::Endpoint& bound);

}  // namespace lb

#endif  // LB_DAEMON_AGENT_OPTIONS_H_
