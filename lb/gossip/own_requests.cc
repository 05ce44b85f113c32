#include "lb/gossip/own_requests.h"

#include <algorithm>
#include <utility>

namespace lb::gossip {

bool OwnRequests::Open(absl::Time now, absl::Time deadline,
                       OwnRequest request) {
  if (deadline <= now || requests_.size() >= most_) return false;
  const uint64_t id = ++last_id_;
  new_.push_back({.id = id, .to = request.to, .deadline = deadline});
  requests_.emplace(id, std::move(request));
  return true;
}

const OwnRequest* OwnRequests::Find(uint64_t id) const {
  const auto found = requests_.find(id);
  return found == requests_.end() ? nullptr : &found->second;
}

std::optional<OwnRequest> OwnRequests::End(uint64_t id) {
  auto node = requests_.extract(id);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

size_t OwnRequests::Joining() const {
  return std::count_if(requests_.begin(), requests_.end(),
                       [](const auto& entry) { return entry.second.join; });
}

bool OwnRequests::HasRoomForJoin() const {
  return requests_.size() < most_ && Joining() < Share(1, 2);
}

bool OwnRequests::HasRoomForBurst() const {
  return requests_.size() - Joining() < Share(1, 4);
}

bool OwnRequests::Exchanges(const net::Endpoint& peer) const {
  return std::any_of(
      requests_.begin(), requests_.end(), [&](const auto& entry) {
        return entry.second.kind == OwnRequest::Kind::kPushPull &&
               entry.second.to == peer;
      });
}

}  // namespace lb::gossip
