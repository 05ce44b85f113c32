#include "daemon/agent_options.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/gossip_secret.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/options.h"

namespace lb {
namespace {

// A speaker of MetalLB takes part in gossip for up to two seconds before it
// answers for what is its own. Meanwhile this node answers.
constexpr absl::Duration kSpeakerWait = absl::Seconds(3);

gossip::GossipOptions ProfileOf(GossipProfile profile) {
  switch (profile) {
    case GossipProfile::kFast:
      return gossip::FastProfile();
    case GossipProfile::kTurbo:
      return gossip::TurboProfile();
    case GossipProfile::kLan:
      return gossip::LanProfile();
    case GossipProfile::kWan:
      return gossip::WanProfile();
    case GossipProfile::kLocal:
      return gossip::LocalProfile();
  }
  return gossip::FastProfile();
}

// Taints of a node that is about to be switched off, or is off.
constexpr std::array<std::string_view, 5> kShutdownTaints = {
    "ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted",
    "karpenter.sh/disruption", "node.cloudprovider.kubernetes.io/shutdown",
    "node.kubernetes.io/out-of-service"};

// As NodeAttributes::marks has them.
std::vector<std::string> MarksOf(absl::Span<const std::string> drain_on) {
  std::vector<std::string> marks;
  for (const std::string& mark : drain_on) {
    if (mark == "shutdown") {
      marks.insert(marks.end(), kShutdownTaints.begin(), kShutdownTaints.end());
    } else {
      marks.push_back(mark);
    }
  }
  return marks;
}

}  // namespace

net::Endpoint AdvertisedEndpoint(const Options& options,
                                 const net::Endpoint& bound) {
  const auto& given = options.gossip.advertise;
  if (!given.has_value()) return bound;
  return {given->address, given->port != 0 ? given->port : bound.port};
}

absl::StatusOr<AgentOptions> MakeAgentOptions(const Options& options,
                                              const std::string& host_name,
                                              const net::Endpoint& bound) {
  AgentOptions agent;
  // Kubernetes' agents do the same, as names of objects have no upper case.
  agent.node = options.node_name.empty() ? absl::AsciiStrToLower(host_name)
                                         : options.node_name;
  agent.advertise = AdvertisedEndpoint(options, bound);
  agent.join = options.gossip.join;
  agent.gossip = ProfileOf(options.gossip.profile);
  agent.gossip.probe.contact_checks = options.kubernetes.fast_node_failure;
  agent.gossip.admission.cidrs_allowed = options.gossip.allowed_networks;
  agent.gossip_label = options.gossip.label;
  agent.key_derivation = options.gossip.key_derivation;
  if (!options.gossip.secret_file.empty()) {
    LB_ASSIGN_OR_RETURN(agent.keyring,
                        ReadGossipSecret(options.gossip.secret_file,
                                         options.gossip.key_derivation));
  }
  agent.follows_records = options.kubernetes.enabled;
  if (options.kubernetes.enabled) agent.handover.claim_wait = kSpeakerWait;
  agent.election_policy = options.election_policy;
  agent.hold_down = options.hold_down;
  agent.drain_on = MarksOf(options.drain_on);
  agent.bgp_listen = options.bgp_listen;
  agent.drain_wait = options.drain_wait;
  agent.ignore_exclude_label = options.ignore_exclude_lb;
  agent.interfaces.include = options.interfaces;
  agent.interfaces.exclude = options.exclude_interfaces;
  agent.delivery = options.deliver == Deliver::kLoopback ? Delivery::kLoopback
                                                         : Delivery::kNone;
  return agent;
}

}  // namespace lb
