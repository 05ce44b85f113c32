// ConflictReports: the conflicts that are still to be told, the last one of
// each announcement.
//
// A conflict with a rival that is asked whether it is a proxy waits until it is
// judged. Pure bookkeeping.
#ifndef LB_ANNOUNCE_CONFLICT_REPORTS_H_
#define LB_ANNOUNCE_CONFLICT_REPORTS_H_

#include <vector>

#include "absl/container/btree_map.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcer_output.h"
#include "lb/announce/proxy_check.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

class ConflictReports {
 public:
  // `rival`: what is known of conflict.rival. `despite_proxy`: proxies count as
  // no rivals of this address. Either can change the outcome.
  void Add(Conflict conflict, ProxyCheck::Verdict rival, bool despite_proxy);
  // The rival that withholds the announcement is a proxy, which counts.
  void OnProxy(const Announcement& announcement, const net::MacAddress& rival);
  // It is a proxy, which does not count: the conflict that waited is not told.
  void OnOverlooked(const Announcement& announcement) {
    unjudged_.erase(announcement);
  }
  // It is none: the conflict that waited is told as it was.
  void OnNoProxy(const Announcement& announcement);
  // It is not announced any more.
  void Drop(const Announcement& announcement);

  // Sorted by announcement.
  std::vector<Conflict> Take();

 private:
  absl::btree_map<Announcement, Conflict> conflicts_;
  // With rivals that may turn out to be proxies.
  absl::btree_map<Announcement, Conflict> unjudged_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_CONFLICT_REPORTS_H_
