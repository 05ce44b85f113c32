#include "daemon/routing/peer_plan.h"

#include <optional>
#include <utility>

#include "absl/numeric/int128.h"
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

// A session carries its own family, unless the object asks for both.
net::IpFamilies FamiliesOf(const config::BgpPeer& peer) {
  if (peer.dual_stack_address_family) return {.ipv4 = true, .ipv6 = true};
  return net::FamilyOf(*peer.address);
}

bgp::PeerOptions OptionsOf(const config::BgpPeer& peer) {
  bgp::PeerOptions options;
  options.name = peer.name;
  options.address = *peer.address;
  options.port = peer.port;
  options.source = peer.source_address;
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

bfd::SessionKey KeyOf(const config::BgpPeer& peer,
                      absl::Span<const io::Link> links) {
  bfd::SessionKey key = {.remote = *peer.address, .local = peer.source_address};
  key.interface = LinkTo(*peer.address, links);
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

}  // namespace

PeerPlan PlanPeers(absl::Span<const config::BgpPeer> peers,
                   absl::Span<const io::Link> links) {
  PeerPlan plan;
  for (const config::BgpPeer& peer : peers) {
    if (!peer.address) {
      plan.refused[peer.name] =
          "interface: a peer without an address is not supported yet, want "
          "peerAddress";
      continue;
    }
    plan.peers.push_back(OptionsOf(peer));
    if (!peer.bfd) continue;
    const bfd::SessionKey key = KeyOf(peer, links);
    plan.bfd.try_emplace(key, BfdOptionsOf(*peer.bfd));
    plan.watched[key].push_back(peer.name);
  }
  return plan;
}

}  // namespace lb
