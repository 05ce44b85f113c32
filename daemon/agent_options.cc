#include "daemon/agent_options.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "daemon/gossip_secret.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/options.h"

namespace lb {
namespace {

gossip::GossipOptions ProfileOf(config::GossipProfile profile) {
  switch (profile) {
    case config::GossipProfile::kFast:
      return gossip::FastProfile();
    case config::GossipProfile::kTurbo:
      return gossip::TurboProfile();
    case config::GossipProfile::kLan:
      return gossip::LanProfile();
    case config::GossipProfile::kWan:
      return gossip::WanProfile();
    case config::GossipProfile::kLocal:
      return gossip::LocalProfile();
  }
  return gossip::FastProfile();
}

}  // namespace

net::Endpoint AdvertisedEndpoint(const config::Options& options,
                                 const net::Endpoint& bound) {
  const auto& given = options.gossip_advertise;
  if (!given.has_value()) return bound;
  return {given->address, given->port != 0 ? given->port : bound.port};
}

absl::StatusOr<AgentOptions> MakeAgentOptions(const config::Options& options,
                                              const std::string& host_name,
                                              const net::Endpoint& bound) {
  AgentOptions agent;
  // As Kubernetes' agents do: names of objects have no upper case.
  agent.node = options.node_name.empty() ? absl::AsciiStrToLower(host_name)
                                         : options.node_name;
  agent.advertise = AdvertisedEndpoint(options, bound);
  agent.join = options.join;
  agent.gossip = ProfileOf(options.gossip_profile);
  agent.gossip.cidrs_allowed = options.gossip_allowed_networks;
  agent.gossip_label = options.gossip_label;
  agent.key_derivation = options.gossip_key_derivation;
  if (!options.gossip_secret_file.empty()) {
    LB_ASSIGN_OR_RETURN(agent.keyring,
                        ReadGossipSecret(options.gossip_secret_file,
                                         options.gossip_key_derivation));
  }
  agent.election_policy = options.election_policy;
  agent.hold_down = options.hold_down;
  agent.ignore_exclude_label = options.ignore_exclude_lb;
  agent.interfaces.include = options.interfaces;
  agent.interfaces.exclude = options.exclude_interfaces;
  agent.delivery = options.deliver == config::Deliver::kLoopback
                       ? Delivery::kLoopback
                       : Delivery::kNone;
  return agent;
}

}  // namespace lb
