// FirstPlan: whether the first sessions may begin.
//
// A router that kept routes over a restart drops what it is not told in the
// first table. So sessions wait until the addresses of all services were looked
// up and planned, kWholeMax at most.
//
//   FirstPlan first;
//   first.NoteServices(changed);  // Whose manifests or addresses are others.
//   if (first.IsWhole(desired, entries) || now >= first.Deadline(now)) Begin();
//
// Costs what changed. Pure, loop thread only.
#ifndef LB_DAEMON_ROUTING_FIRST_PLAN_H_
#define LB_DAEMON_ROUTING_FIRST_PLAN_H_

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "daemon/placement/placement.h"
#include "lb/config/desired.h"

namespace lb {

class FirstPlan {
 public:
  static constexpr absl::Duration kWholeMax = absl::Seconds(2);

  template <typename Services>
  void NoteServices(const Services& services) {
    due_.insert(services.begin(), services.end());
  }
  void NoteAll(const config::Desired& desired) {
    for (const auto& [name, service] : desired.services) due_.insert(name);
  }

  // True if each service was looked up: it has an address, or a reason for
  // having none.
  bool IsWhole(const config::Desired& desired, const AddressEntries& entries) {
    for (const std::string& service : std::exchange(due_, {})) {
      if (desired.services.contains(service) && !entries.contains(service)) {
        unknown_.insert(service);
      } else {
        unknown_.erase(service);
      }
    }
    return unknown_.empty();
  }

  // Until when sessions wait, from the first call on.
  absl::Time Deadline(absl::Time now) {
    return deadline_ = std::min(deadline_, now + kWholeMax);
  }

 private:
  std::set<std::string> due_;      // Are they looked up?
  std::set<std::string> unknown_;  // They were not.
  absl::Time deadline_ = absl::InfiniteFuture();
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_FIRST_PLAN_H_
