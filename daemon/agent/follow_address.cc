// Agent's own address in the gossip: what the others are told, and when it
// changes.
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "daemon/advertise/last_address.h"
#include "daemon/advertise/shared_segments.h"
#include "daemon/agent/agent.h"

namespace lb {

gossip::NodeIdentity Agent::Identity() const {
  gossip::NodeIdentity self{.name = options_.node,
                            .endpoint = advertised_.endpoint(),
                            .meta = SerializeNodeMetadata({})};
  const auto last = ReadLastAddress(environment_);
  if (last.has_value() && *last != self.endpoint) self.former = {*last};
  return self;
}

// The seeds are asked at once: those that could not reach us at the old address
// may have given us up, and we them.
void Agent::OnAdvertised() {
  const net::Endpoint before = gossip_->self().endpoint;
  const bool moved = advertised_.endpoint() != before;
  if (moved && !lifecycle_.leaves()) {
    events_.RecordSelf(EventType::kNormal, "GossipAddressChanged",
                       fmt::format("gossip at {}, was {}",
                                   advertised_.ToString(), before.ToString()));
    // It is never refused: an address that was chosen is specified.
    gossip_->MoveTo(advertised_.endpoint()).IgnoreError();
    seeds_->Join().IgnoreError();
  }
  RecordAdvertised();
  lifecycle_.OnLinks(environment_.loop->Now());
  FollowLifecycle();
  ScheduleReconcile();
}

void Agent::RecordAdvertised() {
  KeepLastAddress(environment_, gossip_->self().endpoint);
  const std::string& fault = advertised_.fault();
  if (std::exchange(advertise_fault_, fault) == fault) return;
  if (fault.empty()) {
    events_.RecordSelf(EventType::kNormal, "GossipAddressFound",
                       "gossip at " + advertised_.ToString());
  } else {
    events_.RecordSelf(EventType::kWarning, "GossipAddressFault", fault);
  }
}

std::vector<std::string> Agent::SharedSegments() const {
  return FindSharedSegments(environment_.links->Links(), options_.interfaces,
                            announcing_.node().announcer().OnOneSegment());
}

}  // namespace lb
