// AnnouncementTable: the announcements that are wanted, each with the role that
// its past allows.
//
// It remembers where an address was announced, or found free, and where a
// foreign host had it. Pure bookkeeping: no time, no frames.
#ifndef LB_ANNOUNCE_ANNOUNCEMENT_TABLE_H_
#define LB_ANNOUNCE_ANNOUNCEMENT_TABLE_H_

#include <cstddef>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/claim_state.h"
#include "lb/announce/interface.h"
#include "lb/net/ip_address.h"

namespace lb::announce {

class AnnouncementTable {
 public:
  // Announcements beyond `announcements_max`, in their order, are refused.
  explicit AnnouncementTable(size_t announcements_max)
      : announcements_max_(announcements_max) {}

  // Each returns what it changed of current(), already done.
  AnnouncementPlan SetInterfaces(absl::Span<const Interface> interfaces);
  AnnouncementPlan SetAnnouncements(Announcements announcements,
                                    absl::Span<const Interface> interfaces);
  // Changes some of them, at a cost that goes with these.
  AnnouncementPlan Change(const AnnouncementChanges& changes,
                          absl::Span<const Interface> interfaces);

  // Notes what the change of a claim says about its announcement. True: whether
  // the host is to take the address's packets may be another matter now.
  bool OnClaimChange(const Announcement& announcement, ClaimState before,
                     ClaimState after, bool on_trial = false);
  // It goes: whether a foreign host has the address does not matter any more.
  void Forget(const Announcement& announcement) {
    foreign_.erase(announcement);
  }

  // The announcements that are wanted now.
  const AnnouncementSet& current() const { return current_; }
  // Those of the address.
  std::vector<Announcement> Of(const net::IpAddress& vip) const;
  // True if it is wanted although a proxy has the address.
  bool DespiteProxy(const Announcement& announcement) const;
  // True if it was announced, or probed and found free, whether its interface
  // is usable now or not.
  bool IsProven(const Announcement& announcement) const {
    return proven_.contains(announcement);
  }
  // Had by foreign hosts when probed.
  const absl::btree_set<Announcement>& foreign() const { return foreign_; }
  // Announcements beyond the maximum.
  size_t refused() const { return refused_; }

 private:
  // `before`: announcements_ until now.
  AnnouncementPlan Reconcile(const Announcements& before,
                             absl::Span<const Interface> interfaces);
  void SetRoles(const Announcements& before, AnnouncementSet& wanted) const;

  const size_t announcements_max_;
  Announcements announcements_;
  AnnouncementSet current_;
  size_t refused_ = 0;
  absl::btree_set<Announcement> foreign_;  // A subset of current_.
  absl::btree_set<Announcement> proven_;   // Of addresses in announcements_.
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_ANNOUNCEMENT_TABLE_H_
