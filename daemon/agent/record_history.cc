// Agent's history: what it is told.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daemon/agent/agent.h"
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
void Agent::RecordHistory(bool changed) {
  const absl::Time now = environment_.loop->CivilNow();
  history_due_ |= changed;
  if (!ready_ || departure_ == Departure::kGone) {
    history_.history().EndOwn(
        now, leaving() ? HistoryEnd::kStopped : HistoryEnd::kSilent);
    history_due_ = true;
  } else if (history_due_ && tally_.manifests_read() > 0) {
    history_due_ = false;
    HistoryView view;
    for (const auto& [service, place] : elections_.placement()) {
      const size_t first = view.seen.size();
      for (const auto& held :
           addresses_.entries().at(service).assignment.addresses) {
        view.seen.push_back({service, held.address, place.node});
      }
      std::sort(
          view.seen.begin() + static_cast<ptrdiff_t>(first), view.seen.end(),
          [](const auto& a, const auto& b) { return a.address < b.address; });
    }
    view.live.insert(options_.node);
    for (Elections::LiveMember& member : LiveMembers()) {
      view.live.insert(std::move(member.name));
    }
    history_.history().Observe(now, view);
  }
  history_.OnChange();
}

}  // namespace lb
