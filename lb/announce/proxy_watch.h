// ProxyWatch: finds out which rivals answer for every address, and whether
// their claims count.
//
// It hears the claims of foreign hosts, has the segment ask them for decoys,
// and tells the conflict reports how each was judged. A claim of a proxy does
// not count for an address that is announced despite proxies. Pure bookkeeping.
#ifndef LB_ANNOUNCE_PROXY_WATCH_H_
#define LB_ANNOUNCE_PROXY_WATCH_H_

#include <utility>

#include "absl/time/time.h"
#include "lb/announce/announcement_table.h"
#include "lb/announce/conflict_reports.h"
#include "lb/announce/proxy_check.h"
#include "lb/announce/reception.h"
#include "lb/announce/segment.h"
#include "lb/net/neighbor_packet.h"

namespace lb::announce {

class ProxyWatch {
 public:
  // Without `is_spare` no host counts as a proxy. The others must outlive it.
  ProxyWatch(IsSpare is_spare, const AnnouncementTable* wanted,
             ConflictReports* reports)
      : is_spare_(std::move(is_spare)), wanted_(wanted), reports_(reports) {}

  // A foreign host claims an address of the segment. True if the claim does not
  // count. What is not known of the host yet is found out.
  bool Overlooks(absl::Time now, Segment& segment, const Reception& claim);
  // A packet has come; it may be the answer of a host that is asked. True if it
  // is: Judge() may have something to do.
  bool HearDecoys(Segment& segment, const net::NeighborPacket& packet);
  // Follows the checks that are over: addresses that only a proxy withholds are
  // probed again. True if there was one: the claims may have changed.
  bool Judge(absl::Time now, Segment& segment);

  // True if the decoys of a segment have changed since the last call.
  bool TakeHearingChange() { return std::exchange(hearing_stale_, false); }

 private:
  void OnJudged(absl::Time now, Segment& segment,
                const ProxyCheck::Judged& judged);

  const IsSpare is_spare_;
  const AnnouncementTable* const wanted_;
  ConflictReports* const reports_;
  bool hearing_stale_ = false;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_PROXY_WATCH_H_
