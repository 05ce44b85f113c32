// Agent's history: what it is told.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daemon/agent/agent.h"
#include "lb/io/turn_cause.h"
#include "lb/net/ip_address.h"

namespace lb {

void Agent::RestoreHistory() {
  for (const absl::Status& refused : history_.Restore()) {
    events_.RecordSelf(EventType::kWarning, "StateRefused",
                       std::string(refused.message()));
  }
}

// While this node is not ready it knows nothing of others' announcements; it
// has none itself.
void Agent::RecordHistory() {
  const io::TurnCause cause(environment_.loop, "notes the history");
  const absl::Time now = environment_.loop->CivilNow();
  history::History& history = history_.history();
  if (!ready() || HasLeft(lifecycle_.stage())) {
    history.EndOwn(now, lifecycle_.leaves() ? history::HistoryEnd::kStopped
                                            : history::HistoryEnd::kSilent);
  } else if ((history.is_behind() || !history_due_.empty()) &&
             tally_.manifests_read() > 0) {
    history.Observe(now, ViewForHistory(std::exchange(history_due_, {})));
  }
  history_.OnChange();
}

history::HistoryView Agent::ViewForHistory(
    ipam::ReplicatedAllocator::Services services) const {
  history::HistoryView view;
  const auto add = [&](const std::string& service, const std::string& node) {
    const size_t first = view.seen.size();
    for (const auto& held : AddressesOf(addresses_.entries(), service)) {
      view.seen.push_back({service, held.address, node});
    }
    std::sort(
        view.seen.begin() + static_cast<ptrdiff_t>(first), view.seen.end(),
        [](const auto& a, const auto& b) { return a.address < b.address; });
  };
  const Placement& placement = elections_.placement();
  if (history_.history().WantsAll()) {
    for (const auto& [service, place] : placement) add(service, place.node);
  } else {
    for (const std::string& service : services) {
      const auto place = placement.find(service);
      if (place != placement.end()) add(place->first, place->second.node);
    }
    view.services = std::move(services);
  }
  view.live.insert(options_.node);
  for (Elections::LiveMember& member : LiveMembers()) {
    view.live.insert(std::move(member.name));
  }
  return view;
}

}  // namespace lb
