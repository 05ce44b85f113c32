// Agent's history: what it is told.
#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/agent/agent.h"
#include "lb/io/turn_cause.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

// Each address of a service once for each node that announces it.
void AddSeen(const AddressEntries& entries, const std::string& service,
             const ServicePlacement& place,
             std::vector<history::SeenAnnouncement>& seen) {
  const auto first = static_cast<ptrdiff_t>(seen.size());
  std::vector<std::string_view> nodes = election::NodesOf(place.announcers);
  if (nodes.empty()) nodes.push_back("");
  for (const auto& held : AddressesOf(entries, service)) {
    for (const std::string_view node : nodes) {
      seen.push_back({service, held.address, node});
    }
  }
  std::sort(seen.begin() + first, seen.end(), [](const auto& a, const auto& b) {
    return std::tie(a.address, a.node) < std::tie(b.address, b.node);
  });
}

}  // namespace

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
  const Placement& placement = elections_.placement();
  if (history_.history().WantsAll()) {
    for (const auto& [service, place] : placement) {
      AddSeen(addresses_.entries(), service, place, view.seen);
    }
  } else {
    for (const std::string& service : services) {
      const auto place = placement.find(service);
      if (place == placement.end()) continue;
      AddSeen(addresses_.entries(), place->first, place->second, view.seen);
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
