#include "daemon/routing/metallb/golden_row.h"

#include <cctype>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/routes/route_planner.h"
#include "daemon/routes/testing/route_story.h"
#include "daemon/routing/peer_plan.h"
#include "fmt/format.h"
#include "lb/bfd/session_options.h"
#include "lb/bgp/peer.h"
#include "lb/config/desired.h"
#include "lb/io/link_monitor.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"
#include "lb/net/ip_prefix.h"

namespace lb::goldens {
namespace {

std::string TextOf(absl::Duration time) { return absl::FormatDuration(time); }

std::string TextOf(const bgp::PeerAs& peer) {
  switch (peer.rule) {
    case bgp::PeerAsRule::kInternal:
      return "internal";
    case bgp::PeerAsRule::kExternal:
      return "external";
    case bgp::PeerAsRule::kThis:
      break;
  }
  return fmt::format("{}", peer.asn.number);
}

std::string TextOf(net::IpFamilies families) {
  if (families.ipv4 && families.ipv6) return "IPv4 and IPv6";
  return families.ipv4 ? "IPv4" : "IPv6";
}

std::string TextOf(const bgp::PeerOptions& peer) {
  const absl::Status valid = bgp::Validate(peer);
  if (!valid.ok()) return fmt::format(": {}\n", std::string(valid.message()));
  std::string text = " " + peer.endpoint().ToString();
  if (peer.source) text += " from " + peer.source->ToString();
  text +=
      fmt::format(", AS {} to {}", peer.own_asn.number, TextOf(peer.peer_as));
  if (peer.identifier) {
    text += ", id " + net::IpAddress::Ipv4(*peer.identifier).ToString();
  }
  text += ", hold " + TextOf(peer.hold_time);
  if (peer.keepalive_time)
    text += ", keepalive " + TextOf(*peer.keepalive_time);
  if (peer.connect_time) text += ", connect " + TextOf(*peer.connect_time);
  if (!peer.password.empty()) {
    text += fmt::format(", password \"{}\"", peer.password);
  }
  if (peer.restart_time) text += ", restart " + TextOf(*peer.restart_time);
  return fmt::format("{}, {}\n", text, TextOf(peer.families));
}

std::string TextOf(const bfd::SessionKey& key,
                   const bfd::SessionOptions& options) {
  const absl::Status valid = bfd::Validate(key, options);
  if (!valid.ok())
    return fmt::format("  bfd: {}\n", std::string(valid.message()));
  std::string text =
      fmt::format("  bfd {}, receive {}, send {}, x{}", key.ToString(),
                  TextOf(options.required_min_rx),
                  TextOf(options.desired_min_tx), options.detect_multiplier);
  if (key.hops == bfd::Hops::kMulti) {
    text += fmt::format(", ttl {}", options.minimum_ttl);
  }
  return text + (options.passive ? ", passive\n" : "\n");
}

// The network of this node: 10.2.2.0/24 and 10:2:2::/64.
std::vector<io::Link> Links() {
  io::Link eth0;
  eth0.name = "eth0";
  for (const char* const own : {"10.2.2.1/24", "10:2:2::1/64"}) {
    eth0.addresses.push_back(*net::ParseIpPrefix(own));
  }
  return {eth0};
}

// As Routing::FollowPeers() does it.
PeerPlan PlanOf(RouteStory& story) {
  std::vector<config::BgpPeer> here;
  for (const config::BgpPeer& peer : story.desired().bgp.peers) {
    if (story.planner().peers().contains(peer.name)) here.push_back(peer);
  }
  return PlanPeers(here, {Links(), {}});
}

std::string SessionsOf(const PeerPlan& plan, const std::string& peer) {
  std::string text;
  for (const bgp::PeerOptions& options : plan.peers) {
    if (options.name == peer) text += TextOf(options);
  }
  if (text.empty()) text = ": no session\n";
  for (const auto& [key, watched] : plan.watched) {
    for (const std::string& name : watched) {
      if (name == peer) text += TextOf(key, plan.bfd.at(key));
    }
  }
  return text;
}

std::string RoutesOf(const RoutePlanner& planner, const std::string& peer) {
  std::string text;
  for (const auto& [prefix, attributes] : planner.routes().RoutesOf(peer)) {
    const std::string with = attributes.ToString();
    text += fmt::format("  {}{}{}\n", prefix.ToString(),
                        with.empty() ? "" : " ", with);
  }
  return text;
}

// Each service has the address of its pool.
void Take(RouteStory& story, const std::string& objects) {
  story.SetManifests(objects +
                     "apiVersion: v1\nkind: Node\nmetadata: {name: here}\n");
  for (const auto& pool : story.desired().pools) {
    story.SetAddress("default/" + pool.name, pool.ranges[0].first.ToString(),
                     pool.name);
  }
  story.Routes();
}

// "a172-16-1-10".
std::string NameOf(std::string_view address) {
  std::string name = "a";
  for (const char c : address) name += std::isalnum(c) != 0 ? c : '-';
  return name;
}

}  // namespace

std::string Object(std::string_view kind, std::string_view name,
                   std::string_view spec) {
  return fmt::format(
      "apiVersion: metallb.io/{}\nkind: {}\nmetadata: {{name: {}}}\n"
      "spec: {{{}}}\n---\n",
      kind == "BGPPeer" ? "v1beta2" : "v1beta1", kind, name, spec);
}

std::string Peer(std::string_view name, std::string_view spec) {
  return Object("BGPPeer", name, spec);
}

std::string Announced(std::string_view address, std::string_view spec) {
  const std::string name = NameOf(address);
  return Object("IPAddressPool", name,
                fmt::format("addresses: ['{0}-{0}']", address)) +
         Object("BGPAdvertisement", name,
                fmt::format("ipAddressPools: [{}], {}", name, spec)) +
         fmt::format(
             "apiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\n"
             "spec: {{type: LoadBalancer}}\n---\n",
             name);
}

std::string NodeText(const std::string& before, const std::string& objects) {
  RouteStory story("here");
  if (!before.empty()) Take(story, before);
  Take(story, objects);
  const PeerPlan plan = PlanOf(story);
  std::string text;
  for (const auto& [peer, asn] : story.planner().peers()) {
    text += peer + SessionsOf(plan, peer) + RoutesOf(story.planner(), peer);
  }
  for (const config::Problem& problem : story.desired().problems) {
    text += fmt::format("! {}: {}\n", problem.object, problem.field);
  }
  return text;
}

}  // namespace lb::goldens
