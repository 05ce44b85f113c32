// Suspicion: the time an accused node has to answer.
//
// It starts long and shrinks with each further accuser (Lifeguard): one node
// that is itself in trouble cannot bury others quickly. Suspicions is the table
// of all that run, with the next one to expire.
#ifndef LB_GOSSIP_SUSPICION_H_
#define LB_GOSSIP_SUSPICION_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace lb::gossip {

struct SuspicionTimes {
  absl::Duration min;     // With all confirmations, or if none are wanted.
  absl::Duration max;     // With none.
  int confirmations = 0;  // Further accusers until `min`.
};

class Suspicion {
 public:
  Suspicion(absl::Time now, std::string from, const SuspicionTimes& times);

  // Counts an accuser. False: heard before, or enough have been heard.
  bool Confirm(absl::Time now, std::string_view from);

  // A confirmation moves it to `now` at the earliest: what is over by then is
  // due, not late.
  absl::Time deadline() const { return start_ + total_; }

  // Forgives time that we ourselves slept through.
  void Shift(absl::Duration by) { start_ += by; }

 private:
  absl::Time start_;
  SuspicionTimes times_;
  absl::Duration total_;
  std::set<std::string, std::less<>> accusers_;  // confirmations + 1 at most.
};

class Suspicions {
 public:
  bool Contains(std::string_view name) const {
    return running_.find(name) != running_.end();
  }
  // Starts a suspicion of `name`. REQUIRES: none runs.
  void Start(absl::Time now, std::string_view name, std::string from,
             const SuspicionTimes& times);
  // Suspicion::Confirm for `name`. REQUIRES: one runs.
  bool Confirm(absl::Time now, std::string_view name, std::string_view from);
  // Ends it, if one runs.
  void Cancel(std::string_view name);
  // Takes the names whose time is up out of the table, the earliest first.
  std::vector<std::string> TakeExpired(absl::Time now);
  void Shift(absl::Duration by);

  absl::Time NextDeadline() const {
    return deadlines_.empty() ? absl::InfiniteFuture()
                              : deadlines_.begin()->first;
  }

 private:
  std::map<std::string, Suspicion, std::less<>> running_;
  std::set<std::pair<absl::Time, std::string>> deadlines_;  // All running ones.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_SUSPICION_H_
