#include "daemon/agent_options.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "lb/base/status_macros.h"
#include "lb/config/text_file.h"
#include "lb/gossip/options.h"

namespace lb {
namespace {

constexpr size_t kSecretSizeMax = 4096;

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

absl::StatusOr<net::Endpoint> AdvertisedEndpoint(
    const config::Options& options, const net::Endpoint& bound,
    absl::Span<const io::Link> links) {
  if (const auto& given = options.gossip_advertise; given.has_value()) {
    return net::Endpoint{given->address,
                         given->port != 0 ? given->port : bound.port};
  }
  if (!bound.address.is_unspecified()) return bound;
  for (const io::Link& link : links) {
    if (!link.up || link.loopback) continue;
    for (const net::IpPrefix& prefix : link.addresses) {
      if (prefix.address.family() == bound.address.family() &&
          !prefix.address.is_link_local()) {
        return net::Endpoint{prefix.address, bound.port};
      }
    }
  }
  return absl::FailedPreconditionError(fmt::format(
      "gossip-advertise: bound to {} and no link has a global {} address, want "
      "--gossip-advertise ADDRESS",
      bound.ToString(), net::ToString(bound.address.family())));
}

absl::StatusOr<gossip::wire::Keyring> ReadGossipSecret(
    const std::string& path) {
  const auto refuse = [&](absl::StatusCode code, std::string_view why) {
    return absl::Status(code,
                        fmt::format("gossip-secret-file: {}: {}", path, why));
  };
  const auto secret = config::ReadTextFile(path, kSecretSizeMax);
  if (!secret.ok()) {
    return refuse(secret.status().code(),
                  std::string(secret.status().message()));
  }
  if (secret->empty()) {
    return refuse(absl::StatusCode::kInvalidArgument,
                  fmt::format("empty, want 1 to {} bytes", kSecretSizeMax));
  }
  gossip::wire::Keyring keyring;
  LB_RETURN_IF_ERROR(keyring.Add(gossip::wire::MetallbKey(*secret)));
  return keyring;
}

absl::StatusOr<AgentOptions> MakeAgentOptions(
    const config::Options& options, const std::string& host_name,
    const net::Endpoint& bound, absl::Span<const io::Link> links) {
  AgentOptions agent;
  agent.node = options.node_name.empty() ? host_name : options.node_name;
  LB_ASSIGN_OR_RETURN(agent.advertise,
                      AdvertisedEndpoint(options, bound, links));
  agent.join = options.join;
  agent.gossip = ProfileOf(options.gossip_profile);
  if (!options.gossip_secret_file.empty()) {
    LB_ASSIGN_OR_RETURN(agent.keyring,
                        ReadGossipSecret(options.gossip_secret_file));
  }
  agent.election_policy = options.election_policy;
  agent.hold_down = options.hold_down;
  agent.interfaces.include = options.interfaces;
  agent.interfaces.exclude = options.exclude_interfaces;
  agent.delivery = options.deliver == config::Deliver::kLoopback
                       ? Delivery::kLoopback
                       : Delivery::kNone;
  return agent;
}

}  // namespace lb
