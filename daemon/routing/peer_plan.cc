#include "daemon/routing/peer_plan.h"

#include <optional>
#include <utility>

#include "absl/numeric/int128.h"
#include "lb/config/peer_on_node.h"
#include "lb/net/ip_families.h"

namespace lb {
namespace {

// How long peers keep the routes of a node that restarts: lbd is back within a
// second, and a node that is gone for good attracts traffic for so long.
constexpr absl::Duration kRestartTime = absl::Seconds(30);

// The interface by which the address is reached without a router; empty: there
// is none.
std::string LinkTo(const net::IpAddress& address,
                   absl::Span<const io::Link> links) {
  for (const io::Link& link : links) {
    if (link.loopback) continue;
    for (const net::IpPrefix& own : link.addresses) {
      if (own.address != address && own.Contains(address)) return link.name;
    }
  }
  return "";
}

bgp::PeerAs PeerAsOf(const config::BgpPeer& peer) {
  using DynamicAs = config::BgpPeer::DynamicAs;
  if (peer.dynamic_as == DynamicAs::kInternal) {
    return {.rule = bgp::PeerAsRule::kInternal};
  }
  if (peer.dynamic_as == DynamicAs::kExternal) {
    return {.rule = bgp::PeerAsRule::kExternal};
  }
  return {.asn = peer.peer_as.value_or(bgp::Asn{})};
}

// A session carries its own family, unless the object asks for both. That of an
// interface carries both, as with MetalLB.
net::IpFamilies FamiliesOf(const config::BgpPeer& peer) {
  if (!peer.address || peer.dual_stack_address_family) {
    return {.ipv4 = true, .ipv6 = true};
  }
  return net::FamilyOf(*peer.address);
}

// How a peer is reached.
struct Way {
  net::IpAddress remote;
  std::optional<net::IpAddress> local;
  std::string interface;
};

bgp::PeerOptions OptionsOf(const config::BgpPeer& peer, const Way& way) {
  bgp::PeerOptions options;
  options.name = peer.name;
  options.address = way.remote;
  options.port = peer.port;
  options.source = way.local;
  options.interface = way.interface;
  options.own_asn = peer.local_as.value_or(peer.my_as);
  options.peer_as = PeerAsOf(peer);
  if (peer.router_id) {
    options.identifier =
        static_cast<uint32_t>(absl::Uint128Low64(peer.router_id->number()));
  }
  options.hold_time = peer.timers.hold;
  if (peer.timers.hold > absl::ZeroDuration()) {
    options.keepalive_time = peer.timers.keepalive;
  }
  options.connect_time = peer.timers.connect;
  options.password = peer.password;
  options.families = FamiliesOf(peer);
  if (peer.graceful_restart) options.restart_time = kRestartTime;
  return options;
}

bfd::SessionKey KeyOf(const config::BgpPeer& peer, const Way& way,
                      absl::Span<const io::Link> links) {
  bfd::SessionKey key = {
      .remote = way.remote, .local = way.local, .interface = way.interface};
  if (!peer.address) return key;  // A link-local address is one hop away.
  key.interface = LinkTo(way.remote, links);
  if (peer.ebgp_multihop || key.interface.empty()) {
    key.hops = bfd::Hops::kMulti;
    key.interface.clear();
  }
  return key;
}

bfd::SessionOptions BfdOptionsOf(const config::BfdProfile& profile) {
  return {.desired_min_tx = profile.transmit_interval,
          .required_min_rx = profile.receive_interval,
          .detect_multiplier = profile.detect_multiplier,
          .minimum_ttl = profile.minimum_ttl,
          .passive = profile.passive_mode};
}

// The way to the router of an interface. None: notes in `plan` why.
std::optional<Way> WayByInterface(
    const config::BgpPeer& peer,
    const std::map<std::string, bgp::FoundRouter>& routers, PeerPlan& plan) {
  const auto found = routers.find(peer.interface);
  const bgp::FoundRouter none;
  const bgp::FoundRouter& router =
      found == routers.end() ? none : found->second;
  if (!router.router || !router.own) {
    plan.waiting[peer.name] = {peer.interface, router.why};
    return std::nullopt;
  }
  if (!router.why.empty()) plan.doubts[peer.name] = router.why;
  // The router knows this node by the address that it advertises.
  return Way{.remote = *router.router,
             .local = peer.source_address ? peer.source_address : router.own,
             .interface = router.interface};
}

void AddPeer(const config::BgpPeer& peer, const Surroundings& surroundings,
             PeerPlan& plan) {
  std::optional<Way> way;
  if (peer.address) {
    way = {*peer.address, peer.source_address, ""};
  } else {
    way = WayByInterface(peer, surroundings.routers, plan);
  }
  if (!way) return;
  plan.peers.push_back(OptionsOf(peer, *way));
  if (!peer.bfd) return;
  const bfd::SessionKey key = KeyOf(peer, *way, surroundings.links);
  plan.bfd.try_emplace(key, BfdOptionsOf(*peer.bfd));
  plan.watched[key].push_back(peer.name);
}

}  // namespace

absl::btree_set<std::string> InterfacesOf(
    absl::Span<const config::BgpPeer> peers) {
  absl::btree_set<std::string> interfaces;
  for (const config::BgpPeer& peer : peers) {
    if (!peer.address) interfaces.insert(peer.interface);
  }
  return interfaces;
}

PeerPlan PlanPeers(absl::Span<const config::BgpPeer> peers,
                   const Surroundings& surroundings) {
  PeerPlan plan;
  for (const config::BgpPeer& object : peers) {
    if (object.graceful_restart) plan.restart_time = kRestartTime;
    const auto peer = config::PeerOnNode(object, surroundings.node);
    if (!peer.ok()) {
      plan.waiting[object.name] = {.why = std::string(peer.status().message())};
      continue;
    }
    AddPeer(*peer, surroundings, plan);
  }
  return plan;
}

}  // namespace lb
