#include "lb/gossip/stream_only_peers.h"

namespace lb::gossip {

bool StreamOnlyPeers::OnStrike(absl::Time now, const std::string& member,
                               const net::Endpoint& endpoint) {
  const auto known = peers_.find(endpoint);
  if (known == peers_.end() || known->second.peer.member != member) {
    if (known == peers_.end() && peers_.size() >= kPeersMax) return false;
    peers_[endpoint] = {.peer = {member, endpoint, now}, .strikes = 1};
    return false;
  }
  Entry& entry = known->second;
  if (now - entry.peer.last < spacing_) return false;
  entry.peer.last = now;
  return ++entry.strikes == kStrikes;
}

std::vector<StreamOnlyPeer> StreamOnlyPeers::List() const {
  std::vector<StreamOnlyPeer> list;
  for (const auto& [endpoint, entry] : peers_) {
    if (entry.strikes >= kStrikes) list.push_back(entry.peer);
  }
  return list;
}

}  // namespace lb::gossip
