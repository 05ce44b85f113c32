// Tally: counters and times of an agent, for metrics and status.
//
// Takes what happens, with the loop's time; calls nothing, decides nothing.
// Entries by name are dropped with their member, service or address. Loop
// thread only; nothing survives a restart.
#ifndef LB_DAEMON_AGENT_TALLY_H_
#define LB_DAEMON_AGENT_TALLY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/outcome.h"
#include "lb/announce/announcer.h"
#include "lb/base/duration_histogram.h"
#include "lb/election/announcer.h"
#include "lb/gossip/member.h"

namespace lb {

inline constexpr std::array kTakeoverBoundsSeconds = {
    0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0};

class Tally {
 public:
  // The latest probe that a member answered directly and in time.
  struct Answer {
    absl::Duration round_trip;
    absl::Time at;
  };
  struct ConflictSeen {
    announce::Conflict conflict;
    absl::Time at;  // The latest report.
  };
  // A conflict is reported every 10 s (DEFEND_INTERVAL) while it lasts; one
  // without news for this long is over.
  static constexpr absl::Duration kConflictOver = absl::Seconds(30);

  Tally(std::string node, absl::Time now)
      : node_(std::move(node)), began_(now) {}

  // `civil_now`: civil time; it may jump later.
  void OnStart(absl::Time civil_now) { started_at_ = civil_now; }
  void OnDesired(size_t problems);
  void OnGossip(absl::Time now, const gossip::GossipEvent& event);
  void OnConflict(absl::Time now, const announce::Conflict& conflict);
  void OnOutcome(const Outcome& outcome);
  // After each Reconcile(), and after OnOutcome() if there is an outcome.
  void OnReconciled(absl::Time now);

  // This node begins to wait for the cluster, also once more; it is ready.
  void OnAwaiting(absl::Time now) {
    if (!awaiting_since_) awaiting_since_ = now;
  }
  void OnReady() { awaiting_since_.reset(); }

  // When this agent came to be; the civil clock may jump.
  absl::Time began() const { return began_; }
  absl::Time started_at() const { return started_at_; }  // Civil time.
  // Since when it waits for the cluster without a break; nullopt: it does not.
  std::optional<absl::Time> awaiting_since() const { return awaiting_since_; }
  // By member; not this node.
  const std::map<std::string, Answer, std::less<>>& answers() const {
    return answers_;
  }
  // By service: since when each of its nodes announces it.
  using AnnouncedSince = std::map<std::string, absl::Time, std::less<>>;
  const std::map<std::string, AnnouncedSince, std::less<>>& announced_since()
      const {
    return announced_since_;
  }
  // By service: since when it waits for an address without a break.
  const std::map<std::string, absl::Time, std::less<>>& unassigned_since()
      const {
    return unassigned_since_;
  }
  // By service: since when it has no usable endpoint without a break.
  const std::map<std::string, absl::Time, std::less<>>& endpointless_since()
      const {
    return endpointless_since_;
  }
  // The conflicts that last.
  std::map<announce::Announcement, ConflictSeen> ConflictsAt(
      absl::Time now) const;

  uint64_t manifests_read() const { return manifests_read_; }
  uint64_t manifests_refused() const { return manifests_refused_; }
  // Services that went from one node to another on layer 2.
  uint64_t election_changes() const { return election_changes_; }
  // Per service that came to this node because its node failed or left: from
  // that node's last proof of life that came here to the announcement.
  const DurationHistogram<kTakeoverBoundsSeconds>& takeovers() const {
    return takeovers_;
  }
  // By the code of the refusal; each service counts when its code changes.
  const std::map<absl::StatusCode, uint64_t>& allocation_failures() const {
    return allocation_failures_;
  }

 private:
  void CountFailure(const std::string& service, const AddressEntries& before,
                    const AddressEntries& after);
  void NoteAnnouncers(const std::string& service,
                      const election::Announcers& announcers, absl::Time now);
  void CountMove(const election::AnnouncerChange& change, absl::Time now,
                 bool announces);

  const std::string node_;
  const absl::Time began_;
  absl::Time started_at_;
  std::optional<absl::Time> awaiting_since_;
  std::map<std::string, Answer, std::less<>> answers_;
  // Members lost since the last OnReconciled(), and their last proof of life.
  std::map<std::string, absl::Time, std::less<>> lost_;
  std::map<std::string, AnnouncedSince, std::less<>> announced_since_;
  std::map<std::string, absl::Time, std::less<>> unassigned_since_;
  std::map<std::string, absl::Time, std::less<>> endpointless_since_;
  std::map<announce::Announcement, ConflictSeen> conflicts_;
  uint64_t manifests_read_ = 0;
  uint64_t manifests_refused_ = 0;
  uint64_t election_changes_ = 0;
  DurationHistogram<kTakeoverBoundsSeconds> takeovers_;
  std::map<absl::StatusCode, uint64_t> allocation_failures_;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_TALLY_H_
