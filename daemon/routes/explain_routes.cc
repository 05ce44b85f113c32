#include "daemon/routes/explain_routes.h"

#include <set>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "lb/bgp/advertisements/advertised_routes.h"
#include "lb/config/difference.h"
#include "lb/election/cluster.h"
#include "lb/ipam/assignment.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb {
namespace {

using PeersOfPrefix = std::map<net::IpPrefix, std::set<std::string_view>>;

PeersOfPrefix PeersByPrefix(const bgp::AdvertisedService& service,
                            const bgp::AdvertisedRoutes::Peers& peers) {
  PeersOfPrefix told;
  for (const bgp::AdvertisedAddress& one : service.addresses) {
    for (const auto& advertisement : one.advertisements) {
      auto& names = told[bgp::PrefixOf(*advertisement, one.address)];
      for (const auto& [peer, as] : peers) {
        if (advertisement->IsFor(peer)) names.insert(peer);
      }
    }
  }
  return told;
}

NodeRoutes RoutesOn(const NodeAdvertisements& node,
                    const config::Service& service,
                    const ipam::Assignment& assignment) {
  NodeAdvertisements::Judgement judged = node.Judge(service, assignment);
  NodeRoutes routes = {.verdict = judged.verdict,
                       .conflict = std::move(judged.conflict)};
  if (judged.verdict != bgp::AdvertiseVerdict::kAnnounces) return routes;
  const bool is_local = service.traffic.external_traffic_policy ==
                        election::TrafficPolicy::kLocal;
  for (const auto& [prefix, peers] :
       PeersByPrefix(judged.service, node.peers())) {
    routes.routes.push_back(fmt::format(
        "{} to {}", prefix.ToString(),
        peers.empty() ? "no peer" : fmt::format("{}", fmt::join(peers, ", "))));
    const bool is_aggregate =
        prefix.length < net::BitCount(prefix.address.family());
    if (!is_aggregate || !is_local) continue;
    routes.notices.push_back(
        fmt::format("{} draws traffic for services of its addresses that have "
                    "no endpoint on this node",
                    prefix.ToString()));
  }
  return routes;
}

}  // namespace

std::map<std::string, NodeRoutes, std::less<>> ExplainRoutes(
    const config::Desired& desired, const AddressEntries& entries,
    std::string_view service, const NodeIdentity& here) {
  const config::Service* const wanted = config::FindService(desired, service);
  if (wanted == nullptr) return {};
  const ipam::Assignment assignment = {
      .addresses = AddressesOf(entries, std::string(service))};
  if (assignment.addresses.empty()) return {};
  std::set<std::string> nodes = {here.node};
  for (const auto& [name, node] : desired.nodes) nodes.insert(name);
  std::map<std::string, NodeRoutes, std::less<>> explained;
  for (const std::string& name : nodes) {
    const NodeAdvertisements node(
        desired,
        {.node = name, .ignore_exclude_label = here.ignore_exclude_label});
    explained.emplace(name, RoutesOn(node, *wanted, assignment));
  }
  return explained;
}

}  // namespace lb
