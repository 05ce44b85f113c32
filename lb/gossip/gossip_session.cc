#include "lb/gossip/gossip_session.h"

#include <algorithm>
#include <utility>

namespace lb::gossip {

uint64_t GossipSessions::Add(std::unique_ptr<GossipSession> session) {
  if (!session->request) ++accepted_;
  sessions_.emplace(++last_id_, std::move(session));
  return last_id_;
}

GossipSession* GossipSessions::Find(uint64_t id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void GossipSessions::End(uint64_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  if (!found->second->request) --accepted_;
  sessions_.erase(found);
}

// A peer can open streams that promise much and never complete. One that sends
// little is served beside them.
std::optional<uint64_t> GossipSessions::Excess() const {
  size_t sum = 0;
  for (const auto& [id, session] : sessions_) sum += session->bytes();
  if (sum <= bounds_.bytes_max) return std::nullopt;
  const auto last = std::max_element(
      sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
        const auto standing = [](const GossipSession& session) {
          const bool is_theirs = !session.request.has_value();
          return std::pair(is_theirs && session.bytes() > 0, session.bytes());
        };
        return standing(*a.second) < standing(*b.second);
      });
  return last->first;
}

}  // namespace lb::gossip
