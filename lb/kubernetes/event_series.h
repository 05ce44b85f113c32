// EventSeries: the rules by which what happens becomes Events of the API.
//
// The first occurrence is an Event of events.k8s.io/v1. What repeats within
// `series_gap` becomes a series of that Event: the second occurrence is told at
// once, later ones at most each `series_interval`, and when the series ends. An
// occurrence is the same if type, reason, action, note and the regarded object
// are.
//
// An object has at most `burst` new Events at once, and one more in each
// `refill`; repeats are free, as they are counted here. More are dropped and
// counted. At most `series_max` series are kept; the one that was quiet for
// longest makes room.
//
// A core: it takes `now` (the loop's) and `civil_now` (for people); it has no
// I/O. The shell (EventRecorder) writes what TakeWrites() gives.
//
//   EventSeries events({.controller = "lb.io/lbd", .instance = "n1"});
//   events.Record(now, civil_now,
//                 {.reason = "IPAllocated", .note = "192.0.2.1"});
#ifndef LB_KUBERNETES_EVENT_SERIES_H_
#define LB_KUBERNETES_EVENT_SERIES_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/kubernetes/resource.h"
#include "lb/kubernetes/token_bucket.h"

namespace lb::kubernetes {

// The object that an event regards.
struct ObjectReference {
  std::string api_version;  // "v1"
  std::string kind;         // "Service"
  ObjectKey key;
  std::string uid;  // May be empty; then `kubectl describe` does not show it.

  friend auto operator<=>(const ObjectReference&,
                          const ObjectReference&) = default;
  friend bool operator==(const ObjectReference&,
                         const ObjectReference&) = default;
};

enum class KubernetesEventType { kNormal, kWarning };

// What happened. Texts that are too long for the API are cut.
struct KubernetesEvent {
  KubernetesEventType type = KubernetesEventType::kNormal;
  std::string reason;  // CamelCase, 128 bytes.
  std::string action;  // What was done, CamelCase, 128 bytes.
  std::string note;    // For people, 1,024 bytes.
  ObjectReference regarding;

  friend auto operator<=>(const KubernetesEvent&,
                          const KubernetesEvent&) = default;
  friend bool operator==(const KubernetesEvent&,
                         const KubernetesEvent&) = default;
};

struct EventOptions {
  std::string controller;  // A qualified name, "lb.io/lbd".
  std::string instance;    // The node; cut to 128 bytes.
  size_t series_max = 1'000;
  absl::Duration series_gap = absl::Minutes(6);
  absl::Duration series_interval = absl::Minutes(5);
  int burst = 25;
  absl::Duration refill = absl::Minutes(5);
};

class EventSeries {
 public:
  // Something to write: a new Event, or the series of one.
  struct Write {
    bool is_new = false;
    ObjectKey key;
    std::string body;
  };

  struct Stats {
    uint64_t recorded = 0;
    uint64_t repeated = 0;  // Counted in a series.
    uint64_t limited = 0;   // Dropped: too many of one object.
    uint64_t lost = 0;      // Dropped: not written, said OnWritten().
  };

  explicit EventSeries(EventOptions options);

  void Record(absl::Time now, absl::Time civil_now,
              const KubernetesEvent& event);

  // What became of a write.
  enum class Outcome {
    kWritten,
    kGone,  // The Event is not there any more: the next occurrence is new.
    kLost,  // It was not written, and is not tried again.
  };
  void OnWritten(absl::Time now, const ObjectKey& key, Outcome outcome);

  // `deadline()` has passed.
  void OnTimer(absl::Time now);
  absl::Time deadline() const;

  std::vector<Write> TakeWrites() { return std::exchange(writes_, {}); }

  size_t size() const { return series_.size(); }
  const Stats& stats() const { return stats_; }

 private:
  struct Series {
    KubernetesEvent event;
    ObjectKey key;  // Of the Event.
    int64_t count = 1;
    int64_t told = 1;      // The count that was written, or is being written.
    bool is_busy = false;  // A write is under way.
    absl::Time told_at;
    absl::Time observed_at;
    absl::Time civil_observed_at;
  };
  // The one that was observed last stands last.
  using Order = std::list<Series>;
  // Finds a series by its event, of which there is one copy.
  struct ByEvent {
    using is_transparent = void;
    static const KubernetesEvent& Of(const KubernetesEvent& event) {
      return event;
    }
    static const KubernetesEvent& Of(const Order::iterator& series) {
      return series->event;
    }
    template <typename One, typename Other>
    bool operator()(const One& one, const Other& other) const {
      return Of(one) < Of(other);
    }
  };

  void Begin(absl::Time now, absl::Time civil_now,
             const KubernetesEvent& event);
  // False: the object had too many events.
  bool Take(absl::Time now, const ObjectReference& regarding);
  // Writes the series if that is due.
  void Tell(absl::Time now, Series& series);
  void Drop(Order::iterator series);
  void ForgetFullBuckets(absl::Time now);

  EventOptions options_;
  Order series_;
  std::set<Order::iterator, ByEvent> by_event_;
  std::map<ObjectKey, Order::iterator> by_key_;
  std::map<ObjectReference, TokenBucket> buckets_;
  uint64_t names_ = 0;
  std::vector<Write> writes_;
  Stats stats_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_EVENT_SERIES_H_
