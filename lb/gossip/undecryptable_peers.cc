#include "lb/gossip/undecryptable_peers.h"

#include <algorithm>

namespace lb::gossip {

bool UndecryptablePeers::Record(absl::Time now, const net::IpAddress& from,
                                Via via, wire::Mismatch mismatch) {
  if (!peers_.contains(from)) MakeRoom(now);
  Entry& entry = peers_[from];
  UndecryptablePeer& peer = entry.peer;
  if (peer.count == 0 || peer.last + keep_ <= now) {
    entry = {.peer = {.address = from, .first = now}};
  }
  // Answers carry no label: one that cannot be opened says less.
  if (peer.count == 0 || peer.mismatch != wire::Mismatch::kOtherLabel) {
    peer.mismatch = mismatch;
  }
  peer.last = now;
  ++peer.count;
  if (entry.counts || (via == Via::kDatagram && peer.count < 2)) return false;
  entry.counts = true;
  return MayTell(now);
}

void UndecryptablePeers::OnReadable(const net::IpAddress& from) {
  if (peers_.empty()) return;
  const auto found = peers_.find(from);
  if (found == peers_.end() ||
      found->second.peer.mismatch == wire::Mismatch::kOursRefused) {
    return;
  }
  peers_.erase(found);
}

std::vector<UndecryptablePeer> UndecryptablePeers::List(absl::Time now) const {
  std::vector<UndecryptablePeer> list;
  for (const auto& [address, entry] : peers_) {
    if (entry.counts && now < entry.peer.last + keep_) {
      list.push_back(entry.peer);
    }
  }
  return list;
}

void UndecryptablePeers::MakeRoom(absl::Time now) {
  std::erase_if(peers_, [&](const auto& peer) {
    return peer.second.peer.last + keep_ <= now;
  });
  if (peers_.size() < kPeersMax) return;
  // Those that count stay longer: a flood of single datagrams with invented
  // sources must not push out a real peer.
  peers_.erase(std::min_element(
      peers_.begin(), peers_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.counts, a.second.peer.last) <
               std::pair(b.second.counts, b.second.peer.last);
      }));
}

bool UndecryptablePeers::MayTell(absl::Time now) {
  if (now - minute_began_ >= absl::Minutes(1)) {
    minute_began_ = now;
    told_ = 0;
  }
  return ++told_ <= kEventsMax;
}

}  // namespace lb::gossip
