#include "daemon/routes/node_advertisements.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "lb/config/bgp_objects.h"
#include "lb/config/peer_on_node.h"
#include "lb/election/cluster.h"

namespace lb {
namespace {

struct Endpoints {
  bool are_anywhere = false;
  bool are_local = false;
  uint64_t local_count = 0;
};

// Usable ones. Where no EndpointSlice is known, as on hosts without Kubernetes,
// every node counts as having one.
Endpoints EndpointsOf(const election::ServiceTraffic& traffic,
                      const std::string& node) {
  if (!traffic.endpoints.has_value()) {
    return {.are_anywhere = true, .are_local = true};
  }
  Endpoints endpoints;
  for (const election::ServiceEndpoint& each : *traffic.endpoints) {
    if (!each.IsUsable()) continue;
    endpoints.are_anywhere = true;
    if (each.node == node) ++endpoints.local_count;
  }
  endpoints.are_local = endpoints.local_count > 0;
  return endpoints;
}

std::shared_ptr<const bgp::Advertisement> TermsOf(
    const config::BgpAdvertisement& object) {
  return std::make_shared<const bgp::Advertisement>(
      bgp::Advertisement{.name = object.name,
                         .aggregation_length = object.aggregation_length,
                         .aggregation_length_v6 = object.aggregation_length_v6,
                         .peers = {object.peers.begin(), object.peers.end()},
                         .local_preference = object.local_preference,
                         .med = object.med,
                         .prepends = object.prepends,
                         .communities = object.standard_communities,
                         .large_communities = object.large_communities,
                         .link_bandwidth = object.link_bandwidth,
                         .withdraw_hold = object.withdraw_hold});
}

}  // namespace

NodeAdvertisements::NodeAdvertisements(const config::Desired& desired,
                                       NodeIdentity identity)
    : identity_(std::move(identity)) {
  const election::NodeAttributes node =
      config::AttributesOf(desired, identity_.node);
  network_unavailable_ = node.network_unavailable;
  excluded_ = !identity_.ignore_exclude_label &&
              node.labels.contains(std::string(election::kExcludeLabel));
  for (const config::BgpPeer& peer : desired.bgp.peers) {
    if (!config::IsForNode(peer.node_selectors, node.labels)) continue;
    // A peer that cannot be had here has no session, so any number will do.
    const auto here = config::PeerOnNode(peer, node);
    const config::BgpPeer& found = here.ok() ? *here : peer;
    peers_[peer.name] = found.local_as.value_or(found.my_as);
  }
  for (const config::BgpAdvertisement& each : desired.bgp.advertisements) {
    if (!config::IsForNode(each.node_selectors, node.labels)) continue;
    const Reaching reaching = {TermsOf(each), each.service_selectors};
    for (const auto& [pool, labels] : desired.pool_labels) {
      if (config::IsForPool(each, pool, labels)) {
        by_pool_[pool].push_back(reaching);
      }
    }
    if (config::IsForPool(each, "", {})) of_every_pool_.push_back(reaching);
  }
  for (const auto& [pool, labels] : desired.pool_labels) by_pool_[pool];
}

bool NodeAdvertisements::Reaching::Matches(
    const config::Service& service) const {
  return service_selectors.empty() ||
         MatchesAny(service_selectors, service.traffic.labels);
}

const NodeAdvertisements::AllReaching& NodeAdvertisements::OfPool(
    const std::string& pool) const {
  const auto known = by_pool_.find(pool);
  return known == by_pool_.end() ? of_every_pool_ : known->second;
}

NodeAdvertisements::Judgement NodeAdvertisements::Judge(
    const config::Service& service, const ipam::Assignment& assignment) const {
  const Endpoints endpoints = EndpointsOf(service.traffic, identity_.node);
  Judgement judgement;
  judgement.service.local_endpoints = endpoints.local_count;
  bgp::AdvertiseFacts facts = {
      .network_unavailable = network_unavailable_,
      .excluded = excluded_,
      .only_local = service.traffic.external_traffic_policy ==
                    election::TrafficPolicy::kLocal,
      .has_local_endpoint = endpoints.are_local,
      .has_endpoint = endpoints.are_anywhere};
  for (const ipam::AssignedAddress& assigned : assignment.addresses) {
    const AllReaching& reaching = OfPool(assigned.pool);
    facts.reaches_node |= !reaching.empty();
    bgp::AdvertisedAddress address = {assigned.address};
    for (const Reaching& each : reaching) {
      if (each.Matches(service)) address.advertisements.push_back(each.terms);
    }
    if (address.advertisements.empty()) continue;
    facts.matches_service = true;
    if (judgement.conflict.empty()) {
      judgement.conflict =
          bgp::FindConflict(address.advertisements, address.address);
    }
    judgement.service.addresses.push_back(std::move(address));
  }
  facts.has_conflict = !judgement.conflict.empty();
  judgement.verdict = bgp::JudgeAdvertising(facts);
  return judgement;
}

std::vector<std::string> NodeAdvertisements::PeersOf(
    const bgp::AdvertisedService& service) const {
  std::set<std::string> peers;
  for (const bgp::AdvertisedAddress& address : service.addresses) {
    for (const auto& advertisement : address.advertisements) {
      for (const auto& [peer, asn] : peers_) {
        if (advertisement->IsFor(peer)) peers.insert(peer);
      }
    }
  }
  return {peers.begin(), peers.end()};
}

bool NodeAdvertisements::IsLike(const NodeAdvertisements& other) const {
  const auto are_equal = [](const AllReaching& a, const AllReaching& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Reaching& one, const Reaching& two) {
                        return *one.terms == *two.terms &&
                               one.service_selectors == two.service_selectors;
                      });
  };
  return identity_ == other.identity_ &&
         network_unavailable_ == other.network_unavailable_ &&
         excluded_ == other.excluded_ &&
         are_equal(of_every_pool_, other.of_every_pool_) &&
         std::equal(by_pool_.begin(), by_pool_.end(), other.by_pool_.begin(),
                    other.by_pool_.end(), [&](const auto& a, const auto& b) {
                      return a.first == b.first &&
                             are_equal(a.second, b.second);
                    });
}

}  // namespace lb
