// HistoryRecorder: records in the history what looks at the cluster changed.
//
// It notes which services an Outcome changes (it is a subscriber of Outcomes),
// and records their addresses once the node may act: a node that does not know
// what others announce must not say that their announcements ended. Its own end
// when it falls silent or leaves, which the history is told at once.
//
//   outcomes.Subscribe([&](const Outcome& now) { recorder.OnOutcome(now); });
//   recorder.Record(loop->CivilNow(), {.acts = true, ...}, live);
//
// Loop thread only.
#ifndef LB_DAEMON_AGENT_HISTORY_RECORDER_H_
#define LB_DAEMON_AGENT_HISTORY_RECORDER_H_

#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/outcome.h"
#include "daemon/placement/placement.h"
#include "lb/history/history_store.h"
#include "lb/io/state_ports.h"

namespace lb {

class HistoryRecorder {
 public:
  struct Sight {
    // The node announces, and sees what others announce.
    bool acts = false;
    bool leaves = false;  // Its announcements end because it was stopped.
    // Manifests were read. Before that, that a service is absent says nothing.
    bool has_manifests = false;
    const AddressEntries& entries;
    const Placement& placement;
  };
  using Names = std::set<std::string, std::less<>>;
  // The members that are up, this node too. It is called only if they matter.
  using LiveNames = absl::FunctionRef<Names()>;

  HistoryRecorder(const std::string& node, const io::StatePorts& ports)
      : store_(node, ports) {}

  // As HistoryStore::Restore().
  std::vector<absl::Status> Restore() { return store_.Restore(); }

  void OnOutcome(const Outcome& outcome);
  // The node was not run since `since` (civil time), and announced nothing.
  void OnStall(absl::Time since);
  // After each look, and after OnOutcome() if the look has an outcome.
  void Record(absl::Time civil_now, const Sight& sight, LiveNames live);
  // Writes what is new now.
  void Save() { store_.Save(); }

  const history::History& history() const { return store_.history(); }

 private:
  history::HistoryView ViewOf(const Sight& sight, Names services);

  history::HistoryStore store_;
  Names due_;  // Services that have changed and are not recorded yet.
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_HISTORY_RECORDER_H_
