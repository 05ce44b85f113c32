#include "daemon/agent/history_recorder.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

namespace lb {
namespace {

// Adds each address of a service, once for each node that announces it.
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

void HistoryRecorder::OnOutcome(const Outcome& outcome) {
  due_.insert(outcome.changed.begin(), outcome.changed.end());
}

void HistoryRecorder::OnStall(absl::Time since) {
  store_.history().EndOwn(since, history::HistoryEnd::kSilent);
}

void HistoryRecorder::Record(absl::Time civil_now, const Sight& sight,
                             LiveNames live) {
  history::History& history = store_.history();
  if (!sight.acts) {
    history.EndOwn(civil_now, sight.leaves ? history::HistoryEnd::kStopped
                                           : history::HistoryEnd::kSilent);
  } else if ((history.is_behind() || !due_.empty()) && sight.has_manifests) {
    history::HistoryView view = ViewOf(sight, std::exchange(due_, {}));
    view.live = live();
    history.Observe(civil_now, view);
  }
  store_.OnChange();
}

history::HistoryView HistoryRecorder::ViewOf(const Sight& sight,
                                             Names services) {
  history::HistoryView view;
  if (store_.history().WantsAll()) {
    for (const auto& [service, place] : sight.placement) {
      AddSeen(sight.entries, service, place, view.seen);
    }
    return view;
  }
  for (const std::string& service : services) {
    const auto place = sight.placement.find(service);
    if (place == sight.placement.end()) continue;
    AddSeen(sight.entries, place->first, place->second, view.seen);
  }
  view.services = std::move(services);
  return view;
}

}  // namespace lb
