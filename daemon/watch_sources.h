// The messages of the status service's streaming calls.
//
// Each source reads the bounded event log and remembers only its position. A
// source that falls behind loses old events and sees the gap in their numbers.
// Loop thread only; agent, log and node outlive the sources.
#ifndef LB_DAEMON_WATCH_SOURCES_H_
#define LB_DAEMON_WATCH_SOURCES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "daemon/node_view/node_view.h"
#include "daemon/status_view/status_view.h"
#include "lb/base/event_log.h"
#include "lb/status/v1/status.pb.h"

namespace lb {

// WatchEvents.
class EventSource {
 public:
  EventSource(const EventLog* log,
              const status::v1::WatchEventsRequest& request);

  std::optional<status::v1::Event> Next();
  bool ends() const { return !follow_; }

 private:
  const EventLog* log_;
  uint64_t sequence_;  // The last event that was looked at.
  absl::Time since_ = absl::InfinitePast();
  bool follow_;
};

// The answer of GetNode, made once for all watchers: with many services it
// takes a while to find all problems.
class DescribedNode {
 public:
  // An older answer is made again even without a new event, because some fields
  // change without events.
  static constexpr absl::Duration kAgeMax = absl::Seconds(1);

  DescribedNode(ViewNode view_node, const EventLog* log)
      : view_node_(std::move(view_node)), log_(log) {}

  // Returns the answer as it was when the event of that number was recorded, or
  // later.
  const status::v1::GetNodeResponse& AsOf(uint64_t sequence);

 private:
  const ViewNode view_node_;
  const EventLog* log_;
  status::v1::GetNodeResponse node_;
  absl::Time made_at_ = absl::InfinitePast();  // The loop's.
  uint64_t made_after_ = 0;                    // The last event then.
};

// The source of Watch: first the whole state in parts, then one event at a time
// with the state of its object.
class StateSource {
 public:
  StateSource(ViewNode view_node, const EventLog* log, DescribedNode* node,
              const status::v1::WatchRequest& request);

  std::optional<status::v1::WatchResponse> Next();
  bool ends() const { return false; }

 private:
  enum class Part { kBegin, kPools, kMembers, kServices, kChanges };

  // True if it can go on after sequence_ without a lost event.
  bool Continues() const;
  bool IsOfThisRun(const status::v1::WatchRequest& request) const;
  StatusView View() const { return StatusView(view_node_()); }
  status::v1::WatchResponse NextPart();
  status::v1::WatchResponse Change(const Event& event) const;

  ViewNode view_node_;
  const EventLog* log_;
  DescribedNode* node_;
  uint64_t sequence_;
  Part part_ = Part::kChanges;
  std::string page_token_;  // The part's.
};

}  // namespace lb

#endif  // LB_DAEMON_WATCH_SOURCES_H_
