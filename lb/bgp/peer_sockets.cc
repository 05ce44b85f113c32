#include "lb/bgp/peer_sockets.h"

#include "absl/time/time.h"

namespace lb::bgp {
namespace {

constexpr int kTtl = 255;

}  // namespace

io::StreamOptions DialOptionsFor(const PeerOptions& peer) {
  io::StreamOptions options = {.socket = {.interface = peer.interface,
                                          .ttl = kTtl,
                                          .min_ttl = peer.min_ttl,
                                          .tos = io::kTosNetworkControl},
                               .user_timeout = SendHoldTime(peer.hold_time)};
  if (!peer.password.empty()) {
    options.md5_keys.push_back({.peer = peer.address, .key = peer.password});
  }
  return options;
}

net::IpAddress SourceFor(const PeerOptions& peer) {
  if (peer.source) return *peer.source;
  return peer.address.is_ipv4() ? net::IpAddress::Ipv4(0)
                                : net::IpAddress::Ipv6(0);
}

io::StreamOptions ListenerOptionsFor(
    const std::vector<const PeerOptions*>& peers) {
  io::StreamOptions options = {
      .socket = {.ttl = kTtl, .tos = io::kTosNetworkControl}};
  for (const PeerOptions* const peer : peers) {
    if (peer->password.empty()) continue;
    // Two sessions with one address have one key at most.
    if (io::FindMd5Key(options, peer->address) != nullptr) continue;
    options.md5_keys.push_back({.peer = peer->address, .key = peer->password});
  }
  return options;
}

}  // namespace lb::bgp
