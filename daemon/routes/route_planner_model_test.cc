// Random changes: a planner that follows them plans, at each step, what a slow
// look at everything gives.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/routes/route_planner.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/config/difference.h"
#include "lb/election/cluster.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

constexpr uint64_t kServices = 8;
constexpr char kNode[] = "n0";

std::string Service(uint64_t i) { return fmt::format("ns/s{}", i); }

LabelSelector Selector(const std::string& key, const std::string& value) {
  return {.match_labels = {{key, value}}};
}

bool MatchesOrEmpty(const std::vector<LabelSelector>& selectors,
                    const Labels& labels) {
  if (selectors.empty()) return true;
  return std::any_of(selectors.begin(), selectors.end(),
                     [&](const auto& one) { return one.Matches(labels); });
}

// As MetalLB's speaker goes through it, each time from the beginning.
class SlowPlan {
 public:
  SlowPlan(const config::Desired& desired, const AddressEntries& entries,
           const std::set<net::IpAddress>& withheld)
      : desired_(desired), node_(desired.nodes.at(kNode)) {
    for (const config::BgpPeer& peer : desired.bgp.peers) {
      if (MatchesOrEmpty(peer.node_selectors, node_.labels)) {
        routes_[peer.name];
      }
    }
    for (const auto& [name, service] : desired.services) {
      const auto entry = entries.find(name);
      if (entry == entries.end()) continue;
      auto addresses = entry->second.assignment.addresses;
      std::erase_if(addresses, [&](const auto& one) {
        return withheld.contains(one.address);
      });
      if (addresses.empty() || desired.bgp.advertisements.empty()) continue;
      verdicts_[name] = Plan(service, addresses);
    }
  }

  std::string ToString() const {
    std::string text;
    for (const auto& [peer, prefixes] : routes_) {
      text += fmt::format("to {}:\n", peer);
      for (const auto& [prefix, merged] : prefixes) {
        bgp::PathAttributes attributes = {
            .communities = {merged.communities.begin(),
                            merged.communities.end()}};
        if (merged.preference != 100) {
          attributes.local_preference = merged.preference;
        }
        text += bgp::Route{prefix, attributes}.ToString() + "\n";
      }
    }
    return text;
  }
  const std::map<std::string, std::string>& verdicts() const {
    return verdicts_;
  }

 private:
  struct Merged {
    std::set<bgp::Community> communities;
    uint32_t preference = 0;
  };
  using Ads = std::vector<const config::BgpAdvertisement*>;

  Ads OfPool(const std::string& pool) const {
    Ads ads;
    for (const config::BgpAdvertisement& ad : desired_.bgp.advertisements) {
      const auto& pools = ad.pools;
      const bool is_of_pool =
          pools.empty() ||
          std::find(pools.begin(), pools.end(), pool) != pools.end();
      if (is_of_pool && MatchesOrEmpty(ad.node_selectors, node_.labels)) {
        ads.push_back(&ad);
      }
    }
    return ads;
  }

  static bool Conflict(const Ads& ads) {
    for (const auto* a : ads) {
      for (const auto* b : ads) {
        const bool share_peer =
            a->peers.empty() || b->peers.empty() ||
            std::find_first_of(a->peers.begin(), a->peers.end(),
                               b->peers.begin(),
                               b->peers.end()) != a->peers.end();
        if (share_peer && a->aggregation_length == b->aggregation_length &&
            a->local_preference.value_or(100) !=
                b->local_preference.value_or(100)) {
          return true;
        }
      }
    }
    return false;
  }

  std::string Plan(const config::Service& service,
                   const std::vector<ipam::AssignedAddress>& addresses) {
    Ads all, matching;
    std::vector<std::pair<net::IpAddress, Ads>> given;
    bool conflict = false;
    for (const ipam::AssignedAddress& one : addresses) {
      Ads here;
      for (const auto* ad : OfPool(one.pool)) {
        all.push_back(ad);
        if (MatchesOrEmpty(ad->service_selectors, service.traffic.labels)) {
          here.push_back(ad);
          matching.push_back(ad);
        }
      }
      conflict |= Conflict(here);
      given.emplace_back(one.address, here);
    }
    if (all.empty()) return "notOwner";
    if (matching.empty()) return "noMatchingAdvertisement";
    if (conflict) return "conflictingAdvertisements";
    if (node_.network_unavailable) return "nodeNetworkUnavailable";
    if (node_.labels.contains(std::string(election::kExcludeLabel))) {
      return "nodeLabeledExcludeBalancers";
    }
    size_t usable = 1, local = 1;
    if (service.traffic.endpoints) {
      usable = local = 0;
      for (const auto& endpoint : *service.traffic.endpoints) {
        if (!endpoint.IsUsable()) continue;
        ++usable;
        if (endpoint.node == kNode) ++local;
      }
    }
    const bool is_local = service.traffic.external_traffic_policy ==
                          election::TrafficPolicy::kLocal;
    if (is_local && local == 0) return "noLocalEndpoints";
    if (usable == 0) return "noEndpoints";
    for (const auto& [address, ads] : given) {
      for (const auto* ad : ads) Add(address, *ad);
    }
    return "announces";
  }

  void Add(const net::IpAddress& address, const config::BgpAdvertisement& ad) {
    const net::IpPrefix prefix =
        bgp::NetworkOf({address, ad.aggregation_length});
    for (auto& [peer, prefixes] : routes_) {
      const bool is_for_peer =
          ad.peers.empty() ||
          std::find(ad.peers.begin(), ad.peers.end(), peer) != ad.peers.end();
      if (!is_for_peer) continue;
      Merged& merged = prefixes[prefix];
      merged.communities.insert(ad.standard_communities.begin(),
                                ad.standard_communities.end());
      merged.preference =
          std::max(merged.preference, ad.local_preference.value_or(100));
    }
  }

  const config::Desired& desired_;
  const election::NodeAttributes& node_;
  std::map<std::string, std::map<net::IpPrefix, Merged>> routes_;
  std::map<std::string, std::string> verdicts_;
};

class Model {
 public:
  explicit Model(uint64_t seed) : prng_(seed), planner_({.node = kNode}) {
    desired_.pool_labels = {{"p0", {}}, {"p1", {}}};
    desired_.nodes[kNode].name = kNode;
    planner_.SetDesired(desired_);
  }

  void Step() {
    const config::Desired before = desired_;
    RoutePlanner::Services changed;
    for (uint64_t i = 1 + prng_.Uniform(4); i > 0; --i) Change(changed);
    planner_.NoteEntries(changed);
    if (prng_.Chance(10)) {
      planner_.SetDesired(desired_);
    } else {
      planner_.SetDesired(desired_, config::DifferenceOf(before, desired_));
    }
    if (prng_.Chance(70)) Compare();
  }

  const std::map<std::string, int>& seen() const { return seen_; }

 private:
  void Change(RoutePlanner::Services& changed) {
    const uint64_t what = prng_.Uniform(100);
    if (what < 30) return ChangeAddress(changed);
    if (what < 60) return ChangeService();
    if (what < 75) return ChangeAdvertisements();
    if (what < 85) return ChangePeers();
    if (what < 95) return ChangeNode();
    withheld_.clear();
    if (prng_.Chance(50)) withheld_.insert(Address());
    planner_.SetWithheld(withheld_);
  }

  net::IpAddress Address() {
    return net::IpAddress::Ipv4(
        static_cast<uint32_t>(0x0a000000 + prng_.Uniform(12)));
  }

  void ChangeAddress(RoutePlanner::Services& changed) {
    const std::string service = Service(prng_.Uniform(kServices));
    changed.insert(service);
    auto& addresses = entries_[service].assignment.addresses;
    addresses.clear();
    for (uint64_t i = prng_.Uniform(3); i > 0; --i) {
      const net::IpAddress address = Address();
      if (!addresses.empty() && addresses[0].address == address) continue;
      addresses.push_back({address, fmt::format("p{}", prng_.Uniform(3))});
    }
  }

  void ChangeService() {
    const std::string name = Service(prng_.Uniform(kServices));
    if (prng_.Chance(15)) {
      desired_.services.erase(name);
      return;
    }
    config::Service& service = desired_.services[name];
    service.request.service = name;
    election::ServiceTraffic& traffic = service.traffic;
    traffic.labels = {{"app", prng_.Chance(50) ? "web" : "dns"}};
    traffic.external_traffic_policy = prng_.Chance(40)
                                          ? election::TrafficPolicy::kLocal
                                          : election::TrafficPolicy::kCluster;
    traffic.endpoints.reset();
    if (prng_.Chance(20)) return;
    traffic.endpoints.emplace();
    for (uint64_t i = prng_.Uniform(4); i > 0; --i) {
      traffic.endpoints->push_back({.node = prng_.Chance(50) ? kNode : "n1",
                                    .ready = prng_.Chance(70),
                                    .serving = prng_.Chance(30)});
    }
  }

  void ChangeAdvertisements() {
    auto& ads = desired_.bgp.advertisements;
    ads.clear();
    for (uint64_t i = prng_.Uniform(4); i > 0; --i) {
      config::BgpAdvertisement ad = {.name = fmt::format("a{}", 4 - i)};
      if (prng_.Chance(30)) ad.pools = {"p0"};
      if (prng_.Chance(30)) ad.node_selectors = {Selector("rack", "x")};
      if (prng_.Chance(40)) ad.service_selectors = {Selector("app", "web")};
      if (prng_.Chance(30)) ad.peers = {"t1"};
      if (prng_.Chance(30)) ad.aggregation_length = 30;
      if (prng_.Chance(20)) ad.local_preference = 200;
      if (prng_.Chance(60)) {
        ad.standard_communities = {{static_cast<uint32_t>(prng_.Uniform(3))}};
      }
      ads.push_back(std::move(ad));
    }
  }

  void ChangePeers() {
    auto& peers = desired_.bgp.peers;
    peers.clear();
    for (int i = 0; i < 3; ++i) {
      if (prng_.Chance(30)) continue;
      config::BgpPeer peer = {.name = fmt::format("t{}", i), .my_as = {1}};
      if (prng_.Chance(30)) peer.node_selectors = {Selector("rack", "x")};
      peers.push_back(std::move(peer));
    }
  }

  void ChangeNode() {
    if (prng_.Chance(30)) {
      desired_.nodes["n1"].labels = {{"rack", prng_.Chance(50) ? "x" : "y"}};
      return;
    }
    election::NodeAttributes& node = desired_.nodes[kNode];
    node.labels = {{"rack", prng_.Chance(70) ? "x" : "y"}};
    if (prng_.Chance(15)) {
      node.labels[std::string(election::kExcludeLabel)] = "";
    }
    node.network_unavailable = prng_.Chance(10);
  }

  void Compare() {
    do {
      planner_.Update(desired_, entries_, absl::UnixEpoch());
    } while (planner_.has_more());
    const SlowPlan slow(desired_, entries_, withheld_);
    EXPECT_EQ(planner_.routes().ToString(), slow.ToString());
    std::map<std::string, std::string> verdicts;
    for (const auto& [service, plan] : planner_.plans()) {
      verdicts[service] = bgp::ToString(plan.verdict);
      ++seen_[verdicts[service]];
    }
    EXPECT_EQ(verdicts, slow.verdicts());
  }

  Prng prng_;
  RoutePlanner planner_;
  config::Desired desired_;
  AddressEntries entries_;
  std::set<net::IpAddress> withheld_;
  std::map<std::string, int> seen_;
};

TEST(RoutePlannerModelTest, PlansWhatASlowLookGives) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Model model(seed);
    for (int step = 0; step < 60 && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE(fmt::format("step {}", step));
      model.Step();
    }
    if (HasFailure()) return;
    for (const auto& [verdict, count] : model.seen()) seen[verdict] += count;
  }
  for (const char* verdict :
       {"announces", "notOwner", "noMatchingAdvertisement",
        "conflictingAdvertisements", "nodeNetworkUnavailable",
        "nodeLabeledExcludeBalancers", "noLocalEndpoints", "noEndpoints"}) {
    EXPECT_GT(seen[verdict], 100) << verdict;
  }
}

}  // namespace
}  // namespace lb
