#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/label_syntax.h"
#include "lb/bgp/community.h"
#include "lb/bgp/path_attributes.h"
#include "lb/config/bgp_objects.h"
#include "lb/config/fields.h"
#include "lb/config/object_readers.h"
#include "lb/config/printable.h"
#include "lb/net/address_text.h"
#include "lb/net/ip_address.h"

namespace lb::config {
namespace {

constexpr std::string_view kMyAsnFrom = "lb.io/my-asn-from";
constexpr std::string_view kPeerAsnFrom = "lb.io/peer-asn-from";
constexpr std::string_view kPeerAddressFrom = "lb.io/peer-address-from";
constexpr std::string_view kPrepend = "lb.io/as-path-prepend";
constexpr std::string_view kMed = "lb.io/med";
constexpr std::string_view kLinkBandwidth = "lb.io/link-bandwidth";
constexpr std::string_view kWithdrawHold = "lb.io/withdraw-hold";
constexpr std::string_view kLocalEndpoints = "local-endpoints";

constexpr int64_t kUint32Max = std::numeric_limits<uint32_t>::max();
constexpr absl::Duration kHoldMin = absl::Seconds(3);  // RFC 4271, 4.2.
constexpr absl::Duration kKeepaliveMin = absl::Seconds(1);
constexpr absl::Duration kSecondsMax = absl::Seconds(65'535);
constexpr absl::Duration kWithdrawHoldMax = absl::Minutes(10);

void RefuseUnknownAtTop(const Fields& root) {
  root.RefuseUnknown({"apiVersion", "kind", "metadata", "spec", "status"});
}

std::optional<Fields> SpecOf(const Fields& root, std::string_view wanted) {
  RefuseUnknownAtTop(root);
  std::optional<Fields> spec = root.Map("spec");
  if (!spec && root.Find("spec") == nullptr && !wanted.empty()) {
    root.Refuse("spec", fmt::format("missing, want a map with {}", wanted));
  }
  return spec;
}

std::optional<bgp::Asn> ReadAs(const Fields& spec, std::string_view key) {
  const int64_t number = spec.Integer(key, 0, 0, kUint32Max);
  if (number == 0) return std::nullopt;
  return bgp::Asn{static_cast<uint32_t>(number)};
}

void ReadNodeKeys(const Fields& annotations, BgpPeer& peer) {
  for (const auto& [annotation, key] :
       {std::pair{kMyAsnFrom, &peer.from_node.my_as},
        std::pair{kPeerAsnFrom, &peer.from_node.peer_as},
        std::pair{kPeerAddressFrom, &peer.from_node.address}}) {
    *key = annotations.Text(annotation);
    if (key->empty() || CheckLabelKey(*key).ok()) continue;
    annotations.Refuse(annotation,
                       fmt::format("\"{}\", want the name of a label or an "
                                   "annotation of nodes",
                                   Printable(*key)));
  }
}

void ReadNumbersOfPeer(const Fields& spec, BgpPeer& peer) {
  using DynamicAs = BgpPeer::DynamicAs;
  const std::optional<bgp::Asn> my_as = ReadAs(spec, "myASN");
  if (!my_as && spec.report()->ok()) {
    spec.Refuse("myASN", "missing or 0, want the AS number of this side");
  }
  peer.my_as = my_as.value_or(bgp::Asn());
  peer.peer_as = ReadAs(spec, "peerASN");
  peer.local_as = ReadAs(spec, "localASN");
  peer.dynamic_as =
      spec.Enum<DynamicAs>("dynamicASN", {{"internal", DynamicAs::kInternal},
                                          {"external", DynamicAs::kExternal}})
          .value_or(DynamicAs::kNone);
  const bool is_dynamic = spec.Has("dynamicASN");
  if (peer.peer_as && is_dynamic) {
    spec.Refuse("dynamicASN", "set besides peerASN, want one of the two");
  }
  if (!peer.peer_as && !is_dynamic && spec.report()->ok()) {
    spec.Refuse("peerASN", "missing or 0, want peerASN or dynamicASN");
  }
}

std::optional<net::IpAddress> ReadAddress(const Fields& spec,
                                          std::string_view key) {
  if (!spec.Has(key)) return std::nullopt;
  const auto address = net::ParseIpAddress(spec.Text(key));
  if (!address.ok()) {
    spec.Refuse(key, std::string(address.status().message()));
    return std::nullopt;
  }
  if (address->is_unspecified() || address->is_multicast()) {
    spec.Refuse(key, fmt::format("{}, want the address of a host",
                                 address->ToString()));
    return std::nullopt;
  }
  return *address;
}

void ReadAddressesOfPeer(const Fields& spec, BgpPeer& peer) {
  peer.address = ReadAddress(spec, "peerAddress");
  peer.interface = spec.Text("interface");
  if (spec.Has("peerAddress") && !peer.interface.empty()) {
    spec.Refuse("interface", "set besides peerAddress, want one of the two");
  }
  if (!spec.Has("peerAddress") && peer.interface.empty()) {
    spec.Refuse("peerAddress", "missing, want peerAddress or interface");
  }
  if (peer.address && peer.address->is_ipv6() &&
      peer.address->is_link_local()) {
    spec.Refuse("peerAddress",
                fmt::format("{} is link-local, want interface in its place",
                            peer.address->ToString()));
  }
  peer.source_address = ReadAddress(spec, "sourceAddress");
  if (peer.address && peer.source_address &&
      peer.address->family() != peer.source_address->family()) {
    spec.Refuse("sourceAddress",
                fmt::format("{}, want an {} address as peerAddress",
                            peer.source_address->ToString(),
                            net::ToString(peer.address->family())));
  }
  if (peer.source_address && !peer.interface.empty() &&
      !(peer.source_address->is_ipv6() &&
        peer.source_address->is_link_local())) {
    spec.Refuse("sourceAddress",
                fmt::format("{} besides interface, want none, or a link-local "
                            "IPv6 address of that interface",
                            peer.source_address->ToString()));
  }
  peer.router_id = ReadAddress(spec, "routerID");
  if (peer.router_id && peer.router_id->is_ipv6()) {
    spec.Refuse("routerID", fmt::format("{}, want an IPv4 address",
                                        peer.router_id->ToString()));
  }
}

// Port 0 is the default in v1beta1.
void ReadPort(const Fields& root, const Fields& spec, BgpPeer& peer) {
  const bool is_old = root.Text("apiVersion").ends_with("v1beta1");
  const int64_t port =
      spec.Integer("peerPort", BgpPeer::kPort, is_old ? 0 : 1, 65'535);
  peer.port = port == 0 ? BgpPeer::kPort : static_cast<uint16_t>(port);
}

// Go's metav1.Duration. Nullopt: absent or, reported, bad.
std::optional<absl::Duration> ReadDuration(const Fields& fields,
                                           std::string_view key,
                                           std::string_view wanted) {
  if (!fields.Has(key)) return std::nullopt;
  const std::string text = fields.Text(key);
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) &&
      duration >= absl::ZeroDuration() && duration < absl::InfiniteDuration()) {
    return duration;
  }
  fields.Refuse(key,
                fmt::format("\"{}\", want {}", net::EscapedText(text), wanted));
  return std::nullopt;
}

bool IsHoldTime(absl::Duration time) {
  return time == absl::ZeroDuration() ||
         (time >= kHoldMin && time <= kSecondsMax);
}

// One that is missing is a third, or three times, the other.
void ReadTimers(const Fields& spec, BgpTimers& timers) {
  constexpr std::string_view kHold = "a duration of 3s to 65535s, or 0";
  constexpr std::string_view kKeepalive = "a duration of 1s up to holdTime";
  const auto hold = ReadDuration(spec, "holdTime", kHold);
  const auto keepalive = ReadDuration(spec, "keepaliveTime", kKeepalive);
  if (!hold && !keepalive) return;
  const absl::Duration wanted = hold ? *hold : 3 * *keepalive;
  // On the wire are whole seconds.
  timers.hold = absl::Trunc(wanted, absl::Seconds(1));
  timers.keepalive = keepalive.value_or(timers.hold / 3);
  // MetalLB's converter of old configurations writes 0 where nothing was said.
  if (timers.keepalive == absl::ZeroDuration()) {
    timers.keepalive = timers.hold / 3;
  }
  const bool is_cut_to_none =
      timers.hold == absl::ZeroDuration() && wanted != absl::ZeroDuration();
  if (is_cut_to_none || !IsHoldTime(timers.hold)) {
    return spec.Refuse(hold ? "holdTime" : "keepaliveTime",
                       fmt::format("a hold time of {}, want {}",
                                   absl::FormatDuration(wanted), kHold));
  }
  if (timers.keepalive > wanted) {
    return spec.Refuse("keepaliveTime",
                       fmt::format("{}, want at most the holdTime of {}",
                                   absl::FormatDuration(timers.keepalive),
                                   absl::FormatDuration(wanted)));
  }
  if (timers.keepalive < kKeepaliveMin && timers.hold > absl::ZeroDuration()) {
    spec.Refuse("keepaliveTime",
                fmt::format("{}, want 1s or more, or a holdTime of 0",
                            absl::FormatDuration(timers.keepalive)));
  }
  timers.keepalive = std::min(timers.keepalive, timers.hold);  // That was cut.
}

void ReadConnectTime(const Fields& spec, BgpTimers& timers) {
  constexpr std::string_view kWanted = "whole seconds, 1s to 65535s";
  timers.connect = ReadDuration(spec, "connectTime", kWanted);
  if (!timers.connect) return;
  const absl::Duration time = *timers.connect;
  if (time >= absl::Seconds(1) && time <= kSecondsMax &&
      absl::Trunc(time, absl::Seconds(1)) == time) {
    return;
  }
  spec.Refuse("connectTime",
              fmt::format("{}, want {}", absl::FormatDuration(time), kWanted));
}

// No fault shows the password.
void ReadPassword(const Fields& spec, const Metadata& metadata, BgpPeer& peer) {
  peer.password = spec.Text("password");
  if (peer.password.size() > kPasswordBytesMax) {
    spec.Refuse("password",
                fmt::format("{} bytes, want at most {}", peer.password.size(),
                            kPasswordBytesMax));
  }
  const YamlNode* const node = spec.Find("passwordSecret");
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kMap) {  // It may be the password.
    return spec.Refuse("passwordSecret", "no map, want a map with name");
  }
  const std::optional<Fields> secret = spec.Map("passwordSecret");
  secret->RefuseUnknown({"name", "namespace"});
  if (!secret->Has("name")) return;  // As without it.
  peer.password_secret = {secret->Text("name"), secret->Text("namespace")};
  if (peer.password_secret->object_namespace.empty()) {
    peer.password_secret->object_namespace = metadata.object_namespace;
  }
  spec.report()->Remember("spec.passwordSecret", spec.LineOf("passwordSecret"));
  if (peer.password.empty()) return;
  spec.Refuse("passwordSecret", "set besides password, want one of the two");
}

void ReadSwitches(const Fields& spec, BgpPeer& peer) {
  peer.graceful_restart = spec.Bool("enableGracefulRestart", false);
  peer.ebgp_multihop = spec.Bool("ebgpMultiHop", false);
  peer.dual_stack_address_family = spec.Bool("dualStackAddressFamily", false);
  spec.Bool("disableMP", false);  // As if it were false: see docs/bgp.md.
  if (peer.ebgp_multihop && peer.peer_as == peer.my_as) {
    spec.Refuse("ebgpMultiHop",
                "true with peerASN equal to myASN, want it for external peers "
                "only");
  }
  if (spec.Has("vrf")) {
    spec.Refuse("vrf", "lbd opens sessions in the default VRF only, want none");
  }
}

void RememberItems(const Fields& spec, std::string_view key, size_t count) {
  for (size_t i = 0; i < count; ++i) spec.RememberItem(key, i);
}

std::vector<std::string> ReadNames(const Fields& spec, std::string_view key) {
  std::vector<std::string> names = spec.Texts(key);
  RefuseRepeated(spec, key, names);
  RememberItems(spec, key, names.size());
  return names;
}

std::vector<LabelSelector> ReadSelectors(const Fields& spec,
                                         std::string_view key) {
  std::vector<LabelSelector> selectors = spec.Selectors(key);
  RememberItems(spec, key, selectors.size());
  return selectors;
}

// A text with ':' is a value, every other one the name of an alias.
std::optional<absl::Status> WhyNoCommunity(const std::string& text) {
  if (text.find(':') == std::string::npos) return std::nullopt;
  if (text.starts_with("large:")) {
    const auto community = bgp::ParseLargeCommunity(text);
    return community.status();
  }
  return bgp::ParseCommunity(text).status();
}

void ReadCommunities(const Fields& spec, BgpAdvertisement& advertisement) {
  constexpr size_t kMax = bgp::PathAttributes::kCommunitiesMax;
  advertisement.communities = ReadNames(spec, "communities");
  if (advertisement.communities.size() > kMax) {
    spec.Refuse("communities",
                fmt::format("{} items, want at most {}",
                            advertisement.communities.size(), kMax));
  }
  for (size_t i = 0; i < advertisement.communities.size(); ++i) {
    const auto why = WhyNoCommunity(advertisement.communities[i]);
    if (!why || why->ok()) continue;
    spec.RefuseItem("communities", i, std::string(why->message()));
  }
}

void ReadAggregation(const Fields& spec, BgpAdvertisement& advertisement) {
  const auto read = [&](std::string_view key, int max, int* length) {
    *length = static_cast<int>(spec.Integer(key, max, 1, max));
    spec.report()->Remember(spec.PathOf(key), spec.LineOf(key));
    if (*length == max || advertisement.service_selectors.empty()) return;
    spec.Refuse(key, fmt::format("{} besides serviceSelectors, want {}: an "
                                 "aggregate is of all services of its pools",
                                 *length, max));
  };
  read("aggregationLength", BgpAdvertisement::kIpv4Length,
       &advertisement.aggregation_length);
  read("aggregationLengthV6", BgpAdvertisement::kIpv6Length,
       &advertisement.aggregation_length_v6);
}

// Texts, as annotations are. Nullopt: absent or, reported, bad.
std::optional<uint32_t> ReadNumber(const Fields& annotations,
                                   std::string_view key, uint32_t max) {
  if (!annotations.Has(key)) return std::nullopt;
  const std::string text = annotations.Text(key);
  uint32_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number <= max) return number;
  annotations.Refuse(key, fmt::format("\"{}\", want a whole number 0..{}",
                                      net::EscapedText(text), max));
  return std::nullopt;
}

void ReadBgpAnnotations(const Fields& annotations,
                        BgpAdvertisement& advertisement) {
  advertisement.prepends = static_cast<int>(
      ReadNumber(annotations, kPrepend, bgp::PathAttributes::kPrependsMax)
          .value_or(0));
  advertisement.med = ReadNumber(annotations, kMed, kUint32Max);
  advertisement.link_bandwidth =
      annotations.Enum<bool>(kLinkBandwidth, {{kLocalEndpoints, true}})
          .value_or(false);
  constexpr std::string_view kWanted = "a duration of 0 to 10m";
  const auto hold = ReadDuration(annotations, kWithdrawHold, kWanted);
  advertisement.withdraw_hold = hold.value_or(absl::ZeroDuration());
  if (advertisement.withdraw_hold <= kWithdrawHoldMax) return;
  annotations.Refuse(
      kWithdrawHold,
      fmt::format("{}, want {}",
                  absl::FormatDuration(advertisement.withdraw_hold), kWanted));
}

}  // namespace

BgpPeer ReadBgpPeer(const Fields& root, const Metadata& metadata) {
  BgpPeer peer;
  peer.name = metadata.name;
  const std::optional<Fields> spec =
      SpecOf(root, "myASN, peerASN and peerAddress");
  if (!spec) return peer;
  spec->RefuseUnknown({"myASN",
                       "peerASN",
                       "localASN",
                       "dynamicASN",
                       "peerAddress",
                       "interface",
                       "sourceAddress",
                       "peerPort",
                       "holdTime",
                       "keepaliveTime",
                       "connectTime",
                       "routerID",
                       "nodeSelectors",
                       "password",
                       "passwordSecret",
                       "bfdProfile",
                       "enableGracefulRestart",
                       "ebgpMultiHop",
                       "vrf",
                       "disableMP",
                       "dualStackAddressFamily"});
  ReadNumbersOfPeer(*spec, peer);
  ReadAddressesOfPeer(*spec, peer);
  if (metadata.annotations) ReadNodeKeys(*metadata.annotations, peer);
  if (!peer.interface.empty() && !peer.from_node.address.empty()) {
    metadata.annotations->Refuse(
        kPeerAddressFrom, "set besides spec.interface, want one of the two");
  }
  ReadPort(root, *spec, peer);
  ReadTimers(*spec, peer.timers);
  ReadConnectTime(*spec, peer.timers);
  peer.node_selectors = ReadSelectors(*spec, "nodeSelectors");
  ReadPassword(*spec, metadata, peer);
  peer.bfd_profile = spec->Text("bfdProfile");
  spec->report()->Remember("spec.bfdProfile", spec->LineOf("bfdProfile"));
  ReadSwitches(*spec, peer);
  spec->report()->Remember(
      "spec.peerAddress",
      spec->LineOf(peer.address ? "peerAddress" : "interface"));
  return peer;
}

BgpAdvertisement ReadBgpAdvertisement(const Fields& root,
                                      const Metadata& metadata) {
  BgpAdvertisement advertisement;
  advertisement.name = metadata.name;
  if (metadata.annotations) {
    ReadBgpAnnotations(*metadata.annotations, advertisement);
  }
  const std::optional<Fields> spec = SpecOf(root, "");
  if (!spec) return advertisement;  // Every pool, to every peer.
  spec->RefuseUnknown({"aggregationLength", "aggregationLengthV6", "localPref",
                       "communities", "ipAddressPools",
                       "ipAddressPoolSelectors", "nodeSelectors",
                       "serviceSelectors", "peers"});
  advertisement.pools = ReadNames(*spec, "ipAddressPools");
  advertisement.pool_selectors = ReadSelectors(*spec, "ipAddressPoolSelectors");
  advertisement.node_selectors = ReadSelectors(*spec, "nodeSelectors");
  advertisement.service_selectors = ReadSelectors(*spec, "serviceSelectors");
  advertisement.peers = ReadNames(*spec, "peers");
  ReadAggregation(*spec, advertisement);
  const int64_t preference = spec->Integer("localPref", 0, 0, kUint32Max);
  if (preference > 0) {
    advertisement.local_preference = static_cast<uint32_t>(preference);
  }
  spec->report()->Remember("spec.localPref", spec->LineOf("localPref"));
  ReadCommunities(*spec, advertisement);
  return advertisement;
}

CommunityAliases ReadCommunityAliases(const Fields& root,
                                      const Metadata& metadata) {
  CommunityAliases object;
  object.name = metadata.name;
  const std::optional<Fields> spec = SpecOf(root, "communities");
  if (!spec) return object;
  spec->RefuseUnknown({"communities"});
  spec->ForEachMap("communities", [&](const Fields& fields) {
    fields.RefuseUnknown({"name", "value"});
    CommunityAlias alias = {fields.Text("name"), fields.Text("value")};
    if (alias.name.empty() || alias.name.find(':') != std::string::npos) {
      fields.Refuse("name", fmt::format("\"{}\", want a name without ':'",
                                        net::EscapedText(alias.name)));
    }
    const auto why = WhyNoCommunity(alias.value);
    if (!why) {
      fields.Refuse("value", fmt::format("\"{}\", want number:number or "
                                         "large:number:number:number",
                                         net::EscapedText(alias.value)));
    } else if (!why->ok()) {
      fields.Refuse("value", std::string(why->message()));
    }
    object.aliases.push_back(std::move(alias));
  });
  RememberItems(*spec, "communities", object.aliases.size());
  std::set<std::string_view> seen;
  for (size_t i = 0; i < object.aliases.size(); ++i) {
    const std::string& name = object.aliases[i].name;
    if (seen.insert(name).second) continue;
    spec->RefuseItem("communities", i,
                     fmt::format("\"{}\" is defined in this object already, "
                                 "want one definition",
                                 net::EscapedText(name)));
  }
  return object;
}

BfdProfile ReadBfdProfile(const Fields& root, const Metadata& metadata) {
  BfdProfile profile;
  profile.name = metadata.name;
  const std::optional<Fields> spec = SpecOf(root, "");
  if (!spec) return profile;
  spec->RefuseUnknown({"receiveInterval", "transmitInterval",
                       "detectMultiplier", "echoInterval", "echoMode",
                       "passiveMode", "minimumTtl"});
  const auto interval = [&](std::string_view key, absl::Duration absent) {
    return absl::Milliseconds(
        spec->Integer(key, absl::ToInt64Milliseconds(absent), 10, 60'000));
  };
  profile.receive_interval =
      interval("receiveInterval", profile.receive_interval);
  profile.transmit_interval =
      interval("transmitInterval", profile.transmit_interval);
  profile.echo_interval = interval("echoInterval", profile.echo_interval);
  profile.detect_multiplier = static_cast<int>(
      spec->Integer("detectMultiplier", profile.detect_multiplier, 2, 255));
  profile.minimum_ttl = static_cast<int>(
      spec->Integer("minimumTtl", profile.minimum_ttl, 1, 254));
  profile.echo_mode = spec->Bool("echoMode", false);
  profile.passive_mode = spec->Bool("passiveMode", false);
  return profile;
}

}  // namespace lb::config
