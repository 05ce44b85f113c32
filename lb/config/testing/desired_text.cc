#include "lb/config/testing/desired_text.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/label_selector.h"
#include "lb/election/cluster.h"
#include "lb/election/policy.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::config {
namespace {

// " name=a,b"; nothing if there is nothing.
std::string Part(std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return "";
  return fmt::format(" {}={}", name, fmt::join(texts, ","));
}

std::string Part(std::string_view name, const std::string& text) {
  return text.empty() ? "" : fmt::format(" {}={}", name, text);
}

std::vector<std::string> Texts(const Labels& labels) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : labels) {
    texts.push_back(fmt::format("{}:{}", key, value));
  }
  return texts;
}

std::string_view OperatorText(LabelRequirement::Operator op) {
  switch (op) {
    case LabelRequirement::Operator::kIn:
      return "In";
    case LabelRequirement::Operator::kNotIn:
      return "NotIn";
    case LabelRequirement::Operator::kExists:
      return "Exists";
    case LabelRequirement::Operator::kDoesNotExist:
      return "DoesNotExist";
  }
  return "?";
}

std::string ToText(const LabelSelector& selector) {
  std::vector<std::string> texts = Texts(selector.match_labels);
  for (const LabelRequirement& wanted : selector.match_expressions) {
    texts.push_back(fmt::format("{} {}({})", wanted.key,
                                OperatorText(wanted.op),
                                fmt::join(wanted.values, "|")));
  }
  return fmt::format("{{{}}}", fmt::join(texts, "&"));
}

std::vector<std::string> Texts(const std::vector<LabelSelector>& selectors) {
  std::vector<std::string> texts;
  for (const LabelSelector& selector : selectors) {
    texts.push_back(ToText(selector));
  }
  return texts;
}

std::string ToText(const ipam::Pool& pool, const Labels& labels) {
  std::vector<std::string> ranges;
  for (const net::IpRange& range : pool.ranges) {
    ranges.push_back(range.ToString());
  }
  std::string text =
      fmt::format("pool {}{}{}", pool.name, Part("ranges", ranges),
                  Part("labels", Texts(labels)));
  if (!pool.auto_assign) text += " manual";
  if (pool.avoid_buggy_ips) text += " avoidBuggy";
  std::vector<std::string> excluded, reserved;
  for (const net::IpRange& range : pool.excluded) {
    excluded.push_back(range.ToString());
  }
  for (const ipam::Reservation& reservation : pool.reservations) {
    reserved.push_back(
        fmt::format("{}={}", reservation.name, reservation.address.ToString()));
  }
  text += Part("exclude", excluded) + Part("reserve", reserved);
  if (pool.cool_down > absl::ZeroDuration()) {
    text += " coolDown=" + absl::FormatDuration(pool.cool_down);
  }
  if (pool.order == ipam::AddressOrder::kLeastRecentlyUsed) text += " lru";
  if (!pool.service_allocation) return text;
  const ipam::ServiceAllocation& allocation = *pool.service_allocation;
  return text + fmt::format(" priority={}", allocation.priority) +
         Part("namespaces", allocation.namespaces) +
         Part("namespaceSelectors", Texts(allocation.namespace_selectors)) +
         Part("serviceSelectors", Texts(allocation.service_selectors));
}

std::string PolicyText(const std::optional<election::Policy>& policy) {
  return policy ? std::string(election::ToString(*policy)) : "";
}

std::string ToText(const election::L2Advertisement& advertisement) {
  std::vector<std::string> preferred;
  for (const election::PreferredNodes& nodes : advertisement.preferred_nodes) {
    preferred.push_back(
        fmt::format("{}*{}", nodes.weight, ToText(nodes.preference)));
  }
  return fmt::format("ad {}", advertisement.name) +
         Part("pools", advertisement.pools) +
         Part("poolSelectors", Texts(advertisement.pool_selectors)) +
         Part("nodeSelectors", Texts(advertisement.node_selectors)) +
         Part("serviceSelectors", Texts(advertisement.service_selectors)) +
         Part("interfaces", advertisement.interfaces) +
         Part("policy", PolicyText(advertisement.policy)) +
         Part("preferred", preferred);
}

std::string ToText(const ipam::ServiceRequest& request) {
  std::vector<std::string> families, addresses, ports;
  for (const net::IpFamily family : request.families) {
    families.emplace_back(net::ToString(family));
  }
  for (const net::IpAddress& address : request.requested_addresses) {
    addresses.push_back(address.ToString());
  }
  for (const ipam::ServicePort& port : request.ports) {
    ports.push_back(
        fmt::format("{}{}", "tus"[static_cast<int>(port.protocol)], port.port));
  }
  std::string text = fmt::format("service {}", request.service);
  if (request.family_policy == ipam::FamilyPolicy::kPreferDualStack) {
    text += " prefer-dual";
  }
  if (request.family_policy == ipam::FamilyPolicy::kRequireDualStack) {
    text += " require-dual";
  }
  return text + Part("labels", Texts(request.labels)) +
         Part("nsLabels", Texts(request.namespace_labels)) +
         Part("families", families) + Part("ips", addresses) +
         Part("pool", request.requested_pool) +
         Part("reservation", request.reservation) +
         Part("share", request.sharing_key) +
         Part("backend", request.backend_key) + Part("ports", ports);
}

std::string_view ToText(std::optional<bool> condition) {
  if (!condition) return "?";
  return *condition ? "y" : "n";
}

std::string ToText(const election::ServiceTraffic& traffic) {
  std::string text;
  if (traffic.external_traffic_policy == election::TrafficPolicy::kLocal) {
    text += " local";
  }
  if (traffic.has_sharing_key) text += " shared";
  if (!traffic.endpoints) return text;
  std::vector<std::string> endpoints;
  for (const election::ServiceEndpoint& endpoint : *traffic.endpoints) {
    endpoints.push_back(fmt::format("{}/{}{}", endpoint.node,
                                    ToText(endpoint.ready),
                                    ToText(endpoint.serving)));
  }
  return text + fmt::format(" endpoints=[{}]", fmt::join(endpoints, ","));
}

std::string ToText(const election::NodeAttributes& node) {
  return fmt::format("node {}{}{}", node.name,
                     Part("labels", Texts(node.labels)),
                     node.network_unavailable ? " unavailable" : "") +
         Part("marks", fmt::format("{}", fmt::join(node.marks, ","))) +
         Part("bgpAnnotations", Texts(node.bgp_annotations));
}

std::string ToText(const BgpPeer& peer) {
  std::string text =
      fmt::format("peer {} as={}", peer.name, peer.my_as.ToString());
  if (peer.peer_as) text += " peerAs=" + peer.peer_as->ToString();
  if (peer.dynamic_as == BgpPeer::DynamicAs::kInternal) text += " internal";
  if (peer.dynamic_as == BgpPeer::DynamicAs::kExternal) text += " external";
  if (peer.local_as) text += " localAs=" + peer.local_as->ToString();
  if (peer.address) text += " at=" + peer.address->ToString();
  text += Part("interface", peer.interface);
  if (peer.port != BgpPeer::kPort) text += fmt::format(" port={}", peer.port);
  if (peer.source_address) text += " from=" + peer.source_address->ToString();
  if (peer.router_id) text += " id=" + peer.router_id->ToString();
  const BgpTimers& timers = peer.timers;
  if (timers.hold != BgpTimers().hold ||
      timers.keepalive != BgpTimers().keepalive) {
    text +=
        fmt::format(" hold={} keepalive={}", absl::FormatDuration(timers.hold),
                    absl::FormatDuration(timers.keepalive));
  }
  if (timers.connect) {
    text += " connect=" + absl::FormatDuration(*timers.connect);
  }
  text += Part("nodeSelectors", Texts(peer.node_selectors));
  if (!peer.password.empty()) {
    text += fmt::format(" password={} bytes", peer.password.size());
  }
  if (peer.bfd) {
    const BfdProfile& bfd = *peer.bfd;
    text += fmt::format(
        " bfd={} {}/{}x{} echo={} ttl={}{}{}", bfd.name,
        absl::FormatDuration(bfd.receive_interval),
        absl::FormatDuration(bfd.transmit_interval), bfd.detect_multiplier,
        absl::FormatDuration(bfd.echo_interval), bfd.minimum_ttl,
        bfd.echo_mode ? " echoes" : "", bfd.passive_mode ? " passive" : "");
  }
  text += Part("myAsFrom", peer.from_node.my_as);
  text += Part("peerAsFrom", peer.from_node.peer_as);
  text += Part("addressFrom", peer.from_node.address);
  if (peer.graceful_restart) text += " restart";
  if (peer.ebgp_multihop) text += " multihop";
  if (peer.dual_stack_address_family) text += " dual";
  return text;
}

std::string ToText(const BgpAdvertisement& advertisement) {
  std::vector<std::string> communities;
  for (const bgp::Community& each : advertisement.standard_communities) {
    communities.push_back(each.ToString());
  }
  for (const bgp::LargeCommunity& each : advertisement.large_communities) {
    communities.push_back(each.ToString());
  }
  std::string text =
      fmt::format("bgp {}", advertisement.name) +
      Part("pools", advertisement.pools) +
      Part("poolSelectors", Texts(advertisement.pool_selectors)) +
      Part("nodeSelectors", Texts(advertisement.node_selectors)) +
      Part("serviceSelectors", Texts(advertisement.service_selectors)) +
      Part("peers", advertisement.peers) + Part("communities", communities);
  if (advertisement.aggregation_length != 32 ||
      advertisement.aggregation_length_v6 != 128) {
    text += fmt::format(" lengths={}/{}", advertisement.aggregation_length,
                        advertisement.aggregation_length_v6);
  }
  if (advertisement.local_preference) {
    text += fmt::format(" localPref={}", *advertisement.local_preference);
  }
  if (advertisement.prepends > 0) {
    text += fmt::format(" prepends={}", advertisement.prepends);
  }
  if (advertisement.med) text += fmt::format(" med={}", *advertisement.med);
  if (advertisement.link_bandwidth) text += " bandwidth";
  if (advertisement.withdraw_hold > absl::ZeroDuration()) {
    text += " hold=" + absl::FormatDuration(advertisement.withdraw_hold);
  }
  return text;
}

}  // namespace

std::string ToText(const Desired& desired) {
  std::string text;
  for (const ipam::Pool& pool : desired.pools) {
    text += ToText(pool, desired.pool_labels.at(pool.name)) + "\n";
  }
  for (const auto& advertisement : desired.advertisements) {
    text += ToText(advertisement) + "\n";
  }
  for (const auto& [name, service] : desired.services) {
    text += ToText(service.request) + ToText(service.traffic) + "\n";
  }
  for (const auto& [name, node] : desired.nodes) text += ToText(node) + "\n";
  for (const BgpPeer& peer : desired.bgp.peers) text += ToText(peer) + "\n";
  for (const BgpAdvertisement& advertisement : desired.bgp.advertisements) {
    text += ToText(advertisement) + "\n";
  }
  return text;
}

std::string ToText(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += problem.ToString() + "\n";
  return text;
}

}  // namespace lb::config
