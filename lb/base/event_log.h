// EventLog: the last things that happened to a node, for people and for tests.
//
// An event says what happened to which object, in Kubernetes' words (type,
// reason, object, message). The log keeps the newest `events_max` of them and
// numbers them without a gap, so a reader that remembers a number can go on
// from there and see whether it missed any.
//
// One thread (the loop's); no clock: the caller says what time it is.
//
//   log.Record({.time = now, .reason = "IPAllocated",
//               .object = {EventObject::kService, "default/web"},
//               .message = "10.0.0.1"});
//   for (const Event& event : log.Since(last_seen)) ...
#ifndef LB_BASE_EVENT_LOG_H_
#define LB_BASE_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace lb {

enum class EventType { kNormal, kWarning };

// The object that an event is about.
struct EventObject {
  // Kinds that readers look for; others are Kubernetes' and MetalLB's.
  static constexpr std::string_view kInterface = "Interface";
  static constexpr std::string_view kMember = "Member";
  static constexpr std::string_view kNode = "Node";
  static constexpr std::string_view kPeer = "Peer";  // No member, by address.
  static constexpr std::string_view kPools = "IPAddressPools";  // No name.
  static constexpr std::string_view kService = "Service";
  static constexpr std::string_view kVip = "Vip";

  EventObject() = default;
  EventObject(std::string_view kind, std::string name)
      : kind(kind), name(std::move(name)) {}

  // "Service/default/web", "IPAddressPools".
  std::string ToString() const {
    if (kind.empty() || name.empty()) return kind + name;
    return kind + "/" + name;
  }

  friend bool operator==(const EventObject&, const EventObject&) = default;

  std::string kind;
  std::string name;  // "name" or "namespace/name".
};

struct Event {
  uint64_t sequence = 0;  // Set by Record(): 1, 2, 3, ...
  absl::Time time;        // Civil time, for people.
  EventType type = EventType::kNormal;
  std::string reason;  // CamelCase, stable: tools match on it.
  EventObject object;
  std::string message;  // For people; may change.
};

class EventLog {
 public:
  explicit EventLog(size_t events_max = 4096) : events_max_(events_max) {}

  // Appends; drops the oldest event when full. Tells the observer.
  void Record(Event event);

  // The kept events with a number above `sequence`, oldest first. If the first
  // one is not `sequence` + 1, events in between were dropped.
  std::vector<Event> Since(uint64_t sequence) const;

  // The oldest kept event with a number above `sequence`; nullptr: there is
  // none. Valid until the next Record().
  const Event* FirstSince(uint64_t sequence) const;

  // The number of the newest event; 0 if there was none.
  uint64_t last_sequence() const { return last_sequence_; }

  // Called with each event after it was recorded. One observer.
  void SetObserver(absl::AnyInvocable<void(const Event&)> observer) {
    observer_ = std::move(observer);
  }

 private:
  const size_t events_max_;
  uint64_t last_sequence_ = 0;
  std::deque<Event> events_;
  absl::AnyInvocable<void(const Event&)> observer_;
};

}  // namespace lb

#endif  // LB_BASE_EVENT_LOG_H_
