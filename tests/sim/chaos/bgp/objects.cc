#include "tests/sim/chaos/bgp/objects.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/numbers.h"

namespace lb::chaos {
namespace {

constexpr int kPoolSize = 128;
constexpr int kIpv6Pool = 2;
constexpr int kAggregateBits = 2;
constexpr int kHoldTimes[] = {3, 6, 9, 15};
constexpr int kIntervals[] = {50, 100, 300};
constexpr int kHolds[] = {0, 0, 3};
constexpr uint32_t kFirstCommunity = 64512U << 16;
constexpr char kExcludeLabel[] =
    "node.kubernetes.io/exclude-from-external-load-balancers: ''";

template <typename T, size_t n>
T OneOf(const T (&values)[n], Prng& prng) {
  return values[prng.Uniform(n)];
}

std::string DrawRack(Prng& prng) {
  const uint64_t number = prng.Uniform(4);
  return number == 0 ? "a" : number == 1 ? "b" : "";
}

std::string Object(const std::string& kind, const std::string& name,
                   const std::string& spec,
                   const std::string& annotations = "") {
  return fmt::format(
      "---\napiVersion: metallb.io/{}\nkind: {}\n"
      "metadata: {{name: {}, annotations: {{{}}}}}\nspec: {{{}}}\n",
      kind == "BGPPeer" ? "v1beta2" : "v1beta1", kind, name, annotations, spec);
}

std::string Selecting(const std::string& rack) {
  return rack.empty()
             ? ""
             : fmt::format(", nodeSelectors: [{{matchLabels: {{rack: {}}}}}]",
                           rack);
}

std::string PoolText(int number) {
  const std::string range =
      number == kIpv6Pool
          ? fmt::format("fd00:20::2:0-fd00:20::2:{:x}", kPoolSize - 1)
          : fmt::format("172.20.{}.0-172.20.{}.{}", 64 + number, 64 + number,
                        kPoolSize - 1);
  return Object("IPAddressPool", fmt::format("p{}", number),
                fmt::format("addresses: ['{}']", range));
}

std::vector<std::string> Named(char letter, const std::set<int>& numbers) {
  std::vector<std::string> names;
  for (const int number : numbers) {
    names.push_back(fmt::format("{}{}", letter, number));
  }
  return names;
}

std::set<int> DrawSome(int first, int count, Prng& prng) {
  std::set<int> some;
  for (int i = first; i < first + count; ++i) {
    if (prng.Chance(50)) some.insert(i);
  }
  return some;
}

}  // namespace

BgpTerms BgpTermsOf(const Scenario& scenario) {
  Prng prng = Prng(scenario.seed).Fork("routers");
  BgpTerms terms;
  terms.nodes = scenario.nodes;
  for (RouterTerms& router : terms.routers) {
    router.hold_seconds = prng.Chance(50) ? 90 : OneOf(kHoldTimes, prng);
    router.restart_seconds = prng.Chance(60) ? 120 : 0;
    router.over_ipv6 = prng.Chance(25);
  }
  return terms;
}

BgpObjects::BgpObjects(const Scenario& scenario, const BgpTerms& terms)
    : terms_(terms) {
  Prng prng = Prng(scenario.seed).Fork("objects");
  const bool has_bfd = prng.Chance(60);
  for (int i = 0; i < kProfiles; ++i) {
    profiles_.push_back(OneOf(kIntervals, prng));
  }
  for (int i = 0; i < kRouters; ++i) {
    Peer peer;
    peer.hold = OneOf(kHoldTimes, prng);
    if (has_bfd && prng.Chance(80)) peer.profile = i % kProfiles;
    peer.restarts = prng.Chance(50);
    peer.both_families = prng.Chance(80);
    peers_.push_back(peer);
  }
  for (int i = 0; i < scenario.nodes; ++i) {
    nodes_.push_back({.rack = i % 2 == 0 ? "a" : "b"});
  }
  advertisements_.push_back({});
  for (int i = 0; i < 3; ++i) {
    advertisements_.push_back(DrawAdvertisement(prng));
    advertisements_.back().is_there = prng.Chance(50);
  }
  for (int i = 0; i < scenario.services; ++i) {
    Service service = {.pool = static_cast<int>(prng.Uniform(kPools)),
                       .gold = prng.Chance(30)};
    if (prng.Chance(40)) DrawEndpoints(service, prng);
    services_.push_back(service);
  }
  if (prng.Chance(50)) layer2_pools_ = DrawSome(0, kPools, prng);
}

BgpObjects::Advertisement BgpObjects::DrawAdvertisement(Prng& prng) const {
  Advertisement drawn;
  if (prng.Chance(50)) drawn.pools = DrawSome(0, kPools, prng);
  drawn.rack = DrawRack(prng);
  if (prng.Chance(30)) drawn.peers = DrawSome(0, kRouters, prng);
  drawn.aggregates = prng.Chance(30);
  drawn.only_gold = !drawn.aggregates && prng.Chance(30);
  for (uint64_t i = prng.Uniform(3); i > 0; --i) {
    drawn.communities.insert(kFirstCommunity +
                             static_cast<uint32_t>(prng.Uniform(20)));
  }
  drawn.hold_seconds = OneOf(kHolds, prng);
  return drawn;
}

void BgpObjects::DrawEndpoints(Service& service, Prng& prng) const {
  service.local = prng.Chance(50);
  service.endpoints.reset();
  if (prng.Chance(20)) return;
  service.endpoints = DrawSome(1, terms_.nodes, prng);
}

void BgpObjects::Change(uint64_t seed) {
  Prng prng(seed);
  ++changes_;
  switch (prng.Uniform(10)) {
    case 0:
    case 1:
      return ChangePeer(prng);
    case 2:
    case 3:
    case 4:
      return ChangeAdvertisement(prng);
    case 5:
    case 6:
    case 7:
      return ChangeService(prng);
    case 8:
      return ChangeNode(prng);
    default:
      layer2_pools_ = DrawSome(0, kPools, prng);
  }
}

void BgpObjects::ChangePeer(Prng& prng) {
  Peer& peer = peers_[prng.Uniform(kRouters)];
  switch (prng.Uniform(6)) {
    case 0:
      peer.hold = OneOf(kHoldTimes, prng);
      return;
    case 1:
      peer.restarts = !peer.restarts;
      return;
    case 2:
      peer.both_families = !peer.both_families;
      return;
    case 3:
      peer.rack = DrawRack(prng);
      return;
    case 4:
      peer.profile = static_cast<int>(prng.Uniform(kProfiles + 1)) - 1;
      return;
    default:
      profiles_[prng.Uniform(kProfiles)] = OneOf(kIntervals, prng);
  }
}

void BgpObjects::ChangeAdvertisement(Prng& prng) {
  Advertisement& changed =
      advertisements_[prng.Uniform(advertisements_.size())];
  if (prng.Chance(30)) {
    changed.is_there = !changed.is_there;
    return;
  }
  const bool is_there = changed.is_there;
  changed = DrawAdvertisement(prng);
  changed.is_there = is_there;
}

void BgpObjects::ChangeService(Prng& prng) {
  Service& service = services_[prng.Uniform(services_.size())];
  switch (prng.Uniform(3)) {
    case 0:
      service.is_there = !service.is_there;
      return;
    case 1:
      service.gold = !service.gold;
      return;
    default:
      DrawEndpoints(service, prng);
  }
}

void BgpObjects::ChangeNode(Prng& prng) {
  Node& node = nodes_[prng.Uniform(nodes_.size())];
  if (prng.Chance(50)) {
    node.excluded = !node.excluded;
  } else {
    node.rack = node.rack == "a" ? "b" : "a";
  }
}

std::string BgpObjects::PeerText(int router, int timer) const {
  const Peer& peer = peers_[router];
  const std::string address = terms_.routers[router].over_ipv6
                                  ? fmt::format("'fd00:20::1:{:x}'", router + 2)
                                  : fmt::format("172.20.0.{}", router + 2);
  return Object(
      "BGPPeer", fmt::format("r{}", router + 1),
      fmt::format("myASN: {}, peerASN: {}, peerAddress: {}, holdTime: {}s, "
                  "enableGracefulRestart: {}, dualStackAddressFamily: {}{}{}",
                  kNodesAs, kRoutersAs, address, peer.hold + timer,
                  peer.restarts, peer.both_families,
                  peer.profile < 0
                      ? ""
                      : fmt::format(", bfdProfile: b{}", peer.profile),
                  Selecting(peer.rack)));
}

std::string BgpObjects::AdvertisementText(int number) const {
  const Advertisement& one = advertisements_[number];
  std::vector<std::string> communities;
  for (const uint32_t community : one.communities) {
    communities.push_back(
        fmt::format("'{}:{}'", community >> 16, community & 0xffff));
  }
  std::set<int> peers;
  for (const int peer : one.peers) peers.insert(peer + 1);
  std::string spec =
      fmt::format("ipAddressPools: [{}], peers: [{}], communities: [{}]{}",
                  fmt::join(Named('p', one.pools), ", "),
                  fmt::join(Named('r', peers), ", "),
                  fmt::join(communities, ", "), Selecting(one.rack));
  if (one.aggregates) {
    spec += fmt::format(", aggregationLength: {}, aggregationLengthV6: {}",
                        32 - kAggregateBits, 128 - kAggregateBits);
  }
  if (one.only_gold) {
    spec += ", serviceSelectors: [{matchLabels: {tier: gold}}]";
  }
  return Object("BGPAdvertisement", fmt::format("a{}", number), spec,
                one.hold_seconds == 0 ? ""
                                      : fmt::format("lb.io/withdraw-hold: {}s",
                                                    one.hold_seconds));
}

std::string BgpObjects::ServiceText(int number) const {
  const Service& service = services_[number];
  std::string text = fmt::format(
      "---\napiVersion: v1\nkind: Service\n"
      "metadata: {{name: s{}, namespace: default, labels: {{tier: {}}}, "
      "annotations: {{metallb.io/address-pool: p{}}}}}\n"
      "spec: {{type: LoadBalancer, ipFamilies: [{}], "
      "externalTrafficPolicy: {}, ports: [{{port: {}}}]}}\n",
      number, service.gold ? "gold" : "plain", service.pool,
      service.pool == kIpv6Pool ? "IPv6" : "IPv4",
      service.local ? "Local" : "Cluster", 1000 + number);
  if (!service.endpoints) return text;
  std::string endpoints;
  for (const int node : *service.endpoints) {
    endpoints += fmt::format(
        "{{addresses: [10.1.1.1], nodeName: n{}, conditions: {{ready: "
        "true}}}}, ",
        node);
  }
  return text + fmt::format(
                    "---\napiVersion: discovery.k8s.io/v1\n"
                    "kind: EndpointSlice\nmetadata: {{name: e{0}, namespace: "
                    "default, labels: {{kubernetes.io/service-name: s{0}}}}}\n"
                    "endpoints: [{1}]\n",
                    number, endpoints);
}

std::string BgpObjects::Manifests(int timer) const {
  std::string text = fmt::format("# change {}\n", changes_);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    text += fmt::format(
        "---\napiVersion: v1\nkind: Node\n"
        "metadata: {{name: n{}, labels: {{rack: {}{}{}}}}}\n",
        i + 1, nodes_[i].rack, nodes_[i].excluded ? ", " : "",
        nodes_[i].excluded ? kExcludeLabel : "");
  }
  for (int i = 0; i < kPools; ++i) text += PoolText(i);
  for (int i = 0; i < kProfiles; ++i) {
    text += Object("BFDProfile", fmt::format("b{}", i),
                   fmt::format("receiveInterval: {0}, transmitInterval: {0}",
                               profiles_[i]));
  }
  for (int i = 0; i < kRouters; ++i) text += PeerText(i, timer);
  for (size_t i = 0; i < advertisements_.size(); ++i) {
    if (!advertisements_[i].is_there) continue;
    text += AdvertisementText(static_cast<int>(i));
  }
  if (!layer2_pools_.empty()) {
    text += Object("L2Advertisement", "l2",
                   fmt::format("ipAddressPools: [{}]",
                               fmt::join(Named('p', layer2_pools_), ", ")));
  }
  for (size_t i = 0; i < services_.size(); ++i) {
    if (services_[i].is_there) text += ServiceText(static_cast<int>(i));
  }
  return text;
}

bool BgpObjects::HasSession(int node, int router) const {
  const std::string& rack = peers_[router].rack;
  return rack.empty() || rack == nodes_[node - 1].rack;
}

net::IpFamilies BgpObjects::FamiliesOf(int router) const {
  if (peers_[router].both_families) return {.ipv4 = true, .ipv6 = true};
  const bool ipv6 = terms_.routers[router].over_ipv6;
  return {.ipv4 = !ipv6, .ipv6 = ipv6};
}

std::string BgpObjects::SessionOf(int node, int router) const {
  const Peer& peer = peers_[router];
  return fmt::format("{} {} {} {}", HasSession(node, router), peer.hold,
                     peer.restarts, peer.both_families);
}

absl::Duration BgpObjects::HoldTimeOf(int router) const {
  return absl::Seconds(
      std::min(peers_[router].hold, terms_.routers[router].hold_seconds));
}

absl::Duration BgpObjects::longest_hold() const {
  int longest = 0;
  for (const Advertisement& one : advertisements_) {
    longest = std::max(longest, one.hold_seconds);
  }
  return absl::Seconds(longest);
}

bool BgpObjects::IsLayer2(const net::IpAddress& address) const {
  const int pool =
      address.is_ipv6()
          ? kIpv6Pool
          : static_cast<int>(absl::Uint128Low64(address.number()) >> 8 & 0xff) -
                64;
  return layer2_pools_.contains(pool);
}

bool BgpObjects::Announces(int node, const Service& service) const {
  if (nodes_[node - 1].excluded) return false;
  if (!service.endpoints) return true;
  return service.local ? service.endpoints->contains(node)
                       : !service.endpoints->empty();
}

bool BgpObjects::Reaches(const Advertisement& advertisement, int node,
                         const Service& service) const {
  return advertisement.is_there &&
         (advertisement.rack.empty() ||
          advertisement.rack == nodes_[node - 1].rack) &&
         (advertisement.pools.empty() ||
          advertisement.pools.contains(service.pool)) &&
         (!advertisement.only_gold || service.gold);
}

bool BgpObjects::IsAnnouncedBy(int node, const Service& service) const {
  if (!Announces(node, service)) return false;
  for (const Advertisement& one : advertisements_) {
    if (!Reaches(one, node, service)) continue;
    for (int router = 0; router < kRouters; ++router) {
      const bool is_for = one.peers.empty() || one.peers.contains(router);
      if (is_for && HasSession(node, router)) return true;
    }
  }
  return false;
}

const BgpObjects::Service* BgpObjects::Find(const std::string& service) const {
  int number = 0;
  const std::string prefix = "default/s";
  if (!service.starts_with(prefix) ||
      !absl::SimpleAtoi(service.substr(prefix.size()), &number)) {
    return nullptr;
  }
  const Service& found = services_.at(number);
  return found.is_there ? &found : nullptr;
}

void BgpObjects::AddRoutes(int node, int router, const Service& service,
                           const std::vector<net::IpAddress>& addresses,
                           Routes& routes) const {
  for (const Advertisement& one : advertisements_) {
    const bool is_for = one.peers.empty() || one.peers.contains(router);
    if (!is_for || !Reaches(one, node, service)) continue;
    for (const net::IpAddress& address : addresses) {
      const bool is_carried =
          FamiliesOf(router).IncludesAll(net::FamilyOf(address));
      if (!is_carried) continue;
      net::IpPrefix prefix = {address,
                              (address.is_ipv4() ? 32 : 128) -
                                  (one.aggregates ? kAggregateBits : 0)};
      prefix.address = prefix.Range().first;
      routes[prefix].insert(one.communities.begin(), one.communities.end());
    }
  }
}

BgpObjects::Routes BgpObjects::RoutesOf(int node, int router,
                                        const Addresses& addresses) const {
  Routes routes;
  if (!HasSession(node, router)) return routes;
  for (const auto& [name, held] : addresses) {
    const Service* const service = Find(name);
    if (service == nullptr || !Announces(node, *service)) continue;
    AddRoutes(node, router, *service, held, routes);
  }
  return routes;
}

BgpObjects::Routes BgpObjects::RoutesOnlyHere(
    int node, int router, const Addresses& addresses,
    const std::vector<int>& others) const {
  Routes only_here;
  for (const auto& [prefix, communities] : RoutesOf(node, router, addresses)) {
    for (const auto& [name, held] : addresses) {
      const Service* const service = Find(name);
      if (service == nullptr || !Announces(node, *service)) continue;
      const bool is_elsewhere = std::any_of(
          others.begin(), others.end(),
          [&](int other) { return IsAnnouncedBy(other, *service); });
      if (is_elsewhere) continue;
      // Every prefix of the service is kept, of whatever advertisement.
      Routes of_service;
      AddRoutes(node, router, *service, held, of_service);
      if (of_service.contains(prefix)) only_here[prefix] = communities;
    }
  }
  return only_here;
}

}  // namespace lb::chaos
