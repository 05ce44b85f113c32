#include "lb/bgp/signature/signature_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lb/io/turn_cause.h"

namespace lb::bgp {
namespace {

// SYNs of BGP, and answers to them.
constexpr char kFilter[] =
    "tcp port 179 and (tcp[13] & 2 != 0 or ip6[53] & 2 != 0)";

}  // namespace

std::string_view Describe(SignatureSeen seen) {
  switch (seen) {
    case SignatureSeen::kSame:
      return "";
    case SignatureSeen::kAnother:
      return "the router signs with another password";
    case SignatureSeen::kMissing:
      return "the router does not sign: it has no password for this node";
    case SignatureSeen::kSurplus:
      return "the router signs: it has a password, and this node has none";
  }
  return "";
}

SignatureSeen JudgeSignature(const TcpSegment& segment,
                             std::string_view password) {
  if (password.empty()) {
    return segment.signature ? SignatureSeen::kSurplus : SignatureSeen::kSame;
  }
  if (!segment.signature) return SignatureSeen::kMissing;
  return IsSignedWith(segment, password) ? SignatureSeen::kSame
                                         : SignatureSeen::kAnother;
}

void SignatureWatch::Follow(const Peers& peers) {
  std::erase_if(peers_, [&](const auto& watched) {
    return !peers.contains(watched.first);
  });
  for (const auto& [name, options] : peers) {
    Watched& watched = peers_[name];
    if (watched.options != options) watched = {.options = options};
  }
  FollowInterfaces();
}

void SignatureWatch::FollowInterfaces() {
  std::set<std::string> wanted;
  for (const auto& [name, peer] : peers_) {
    const std::string interface = InterfaceTo(peer.options);
    if (!interface.empty()) wanted.insert(interface);
  }
  std::erase_if(taps_,
                [&](const auto& tap) { return !wanted.contains(tap.first); });
  for (const std::string& interface : wanted) {
    if (taps_.contains(interface)) continue;
    auto port = ports_.frames->Open(interface, kFilter);
    if (!port.ok()) continue;
    (*port)->SetReceiver(
        [this](absl::Span<const uint8_t> frame) { OnFrame(frame); });
    taps_[interface] = *std::move(port);
  }
}

std::string SignatureWatch::InterfaceTo(const PeerOptions& peer) const {
  int index = 0;
  if (peer.interface.empty()) {
    const auto route = ports_.routes->Find(peer.address);
    if (!route.ok()) return "";
    index = route->interface;
  }
  for (const io::Link& link : ports_.links->Links()) {
    if (link.index != index && link.name != peer.interface) continue;
    return link.loopback || !link.up ? "" : link.name;
  }
  return "";
}

bool SignatureWatch::IsOwn(const net::IpAddress& address) const {
  const std::vector<io::Link> links = ports_.links->Links();
  return std::any_of(links.begin(), links.end(), [&](const io::Link& link) {
    return std::any_of(
        link.addresses.begin(), link.addresses.end(),
        [&](const net::IpPrefix& own) { return own.address == address; });
  });
}

void SignatureWatch::OnFrame(absl::Span<const uint8_t> frame) {
  const io::TurnCause cause(ports_.loop, "looks at a router's signature");
  const auto segment = ParseTcpSegment(frame);
  if (!segment.ok() || !segment->syn) return;
  const net::Endpoint& to = segment->destination;
  // A host behind this node may speak BGP, too.
  if (!IsOwn(to.address)) return;
  for (auto& [name, peer] : peers_) {
    const PeerOptions& options = peer.options;
    if (options.address != segment->source.address) continue;
    // So may another program on this node, from another address.
    if (options.source && options.source != to.address) continue;
    if (to.port != kBgpPort && segment->source != options.endpoint()) continue;
    Note(name, peer, *segment);
  }
}

void SignatureWatch::Note(const std::string& name, Watched& peer,
                          const TcpSegment& segment) {
  peer.seen = JudgeSignature(segment, peer.options.password);
  const std::string_view wrong = Describe(*peer.seen);
  if (wrong.empty() || !peer.reported.insert(*peer.seen).second) return;
  ports_.log->Record({.time = ports_.loop->CivilNow(),
                      .type = EventType::kWarning,
                      .reason = "PasswordDiffers",
                      .object = {"BgpPeer", name},
                      .message = std::string(wrong)});
}

std::optional<SignatureSeen> SignatureWatch::seen(std::string_view peer) const {
  const auto watched = peers_.find(peer);
  if (watched == peers_.end()) return std::nullopt;
  return watched->second.seen;
}

}  // namespace lb::bgp
