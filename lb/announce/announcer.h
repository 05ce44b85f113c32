// Announcer: answers ARP and NDP for a set of addresses, and announces them.
//
// The core of layer-2 mode. It is told the usable interfaces and the addresses,
// gets the received frames and the time, and yields frames to send, multicast
// groups to join, and what became of conflicts. It has no socket, no clock and
// no thread; the same calls give the same output everywhere. AnnounceNode is
// its shell.
//
//   Announcer announcer(options.announcer, prng);
//   announcer.SetLinks(now, interfaces);
//   announcer.SetAnnouncements(now, {{vip, {.role = Role::kProbeFirst}}});
//   announcer.OnFrame(now, "eth0", bytes);
//   for (const OutgoingFrame& frame : announcer.TakeFrames()) Send(frame);
//
// Each address on each interface goes through the states of claim_state.h.
// Starting one takes effect with the call: it is answered from then on and its
// first announcement is in TakeFrames(), or, if it is to be probed first, its
// first probe. After a stop nothing is sent for the address any more, not even
// what was queued.
//
// A node that was stopped (SIGSTOP, a frozen machine) must not answer for what
// others took over meanwhile. So with `stall_max` the announcer wants to be run
// every quarter of it, also while it announces nothing, and fences itself at
// the first call that comes more than stall_max after the one before: frames
// are not looked at, nothing is sent, until Unfence(). The time passed in must
// have been read after the wake-up. A clock that stands still while the machine
// does hides a stall.
#ifndef LB_ANNOUNCE_ANNOUNCER_H_
#define LB_ANNOUNCE_ANNOUNCER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcement_schedule.h"
#include "lb/announce/announcement_table.h"
#include "lb/announce/announcer_output.h"
#include "lb/announce/claim.h"
#include "lb/announce/claim_state.h"
#include "lb/announce/conflict_reports.h"
#include "lb/announce/cross_hearing.h"
#include "lb/announce/demand.h"
#include "lb/announce/frame_outbox.h"
#include "lb/announce/interface.h"
#include "lb/announce/proxy_check.h"
#include "lb/announce/proxy_watch.h"
#include "lb/announce/reception.h"
#include "lb/announce/segment.h"
#include "lb/announce/segment_table.h"
#include "lb/announce/stall_guard.h"
#include "lb/announce/verdict.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"
#include "lb/net/neighbor_packet.h"

namespace lb::announce {

struct AnnouncerOptions {
  ScheduleOptions schedule;
  ClaimOptions claim;
  PrecedenceOf precedence_of;  // Without it all rivals are foreign.
  IsSpare is_spare;            // Without it no host counts as a proxy.
  // The longest time between two calls; 0: any. Below the time in which others
  // find out that a node is gone.
  absl::Duration stall_max = absl::ZeroDuration();
  // Pairs of address and interface. Those beyond (in the order of addresses,
  // then interface names) are not announced, and counted in refused(). It also
  // limits the watched addresses.
  size_t announcements_max = 65536;
  // An address that is ours is silent until SetDelivered() has it: no packet
  // for it is lost to a host that does not take it yet.
  bool awaits_delivery = false;
  // Frames not yet taken. Replies beyond are dropped, announcements wait.
  size_t frames_max = 8192;
};

// InvalidArgument names the first option that is out of range.
absl::Status Validate(const AnnouncerOptions& options);

class Announcer {
 public:
  // REQUIRES: Validate(options) is OK.
  Announcer(const AnnouncerOptions& options, Prng prng);
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

  // The usable interfaces, and the addresses to announce; each replaces the
  // last. Returns what it changed, already done (or, while fenced, noted).
  AnnouncementPlan SetLinks(absl::Time now, std::vector<Interface> interfaces);
  AnnouncementPlan SetAnnouncements(absl::Time now,
                                    Announcements announcements);
  // Changes some of them, at a cost that goes with these.
  AnnouncementPlan ChangeAnnouncements(absl::Time now,
                                       const AnnouncementChanges& changes);
  // Addresses that the node may have to take over: it notes when clients ask
  // for them, so that it announces those first that clients asked for last.
  void SetWatched(absl::btree_set<net::IpAddress> addresses) {
    demand_.SetWatched(std::move(addresses));
  }
  void Watch(const net::IpAddress& address) { demand_.Watch(address); }
  void Unwatch(const net::IpAddress& address) { demand_.Unwatch(address); }

  // A whole Ethernet frame from the interface of that name.
  Verdict OnFrame(absl::Time now, std::string_view interface,
                  absl::Span<const uint8_t> frame);

  // Queues what is due.
  void OnTimer(absl::Time now);
  absl::Time NextDeadline() const;  // InfiniteFuture: none.

  // One more round of announcements, paced, of those of the addresses that are
  // announced. For when members are lost: if it is only the gossip that broke,
  // the others announce the same addresses, and both sides must hear it.
  void Refresh(absl::Time now,
               const absl::btree_set<net::IpAddress>& addresses);
  // Takes back a yielded address, and probes again for a withheld one. Call it
  // when the members have changed. No effect in any other state.
  void Reclaim(absl::Time now, const net::IpAddress& vip);

  // With awaits_delivery: whether the host takes the addresses' packets from
  // now on. At first it takes none. One that is announced falls silent if it
  // takes them no more.
  using Delivered = absl::btree_map<net::IpAddress, bool>;
  void ChangeDelivered(absl::Time now, const Delivered& changes);
  // True if it should: the address is won on some interface, or still answered.
  bool IsToDeliver(const net::IpAddress& vip) const;
  // True if HeardOn() has changed by itself since the last call of this.
  bool TakeHearingChange() {
    return segments_.TakeHearingChange() | proxies_.TakeHearingChange();
  }
  // The addresses for which IsToDeliver() or IsLeftToForeigner() may differ.
  bool has_delivery_changes() const { return !delivery_changes_.empty(); }
  absl::btree_set<net::IpAddress> TakeDeliveryChanges() {
    return std::exchange(delivery_changes_, {});
  }

  // Silence. Unfence() begins all addresses again, each by its role.
  void Fence(absl::Time now);
  void Unfence(absl::Time now);
  bool fenced() const { return fenced_; }

  // The outputs since they were last taken: frames in the order to send them,
  // the rest sorted by interface and by announcement.
  std::vector<OutgoingFrame> TakeFrames() { return outbox_.Take(); }
  std::vector<GroupChange> TakeGroups() { return segments_.TakeGroups(); }
  // The last one of each announcement.
  std::vector<Conflict> TakeConflicts() { return conflicts_.Take(); }
  // Handing over came to its end: another host announces it now.
  std::vector<Announcement> TakeHandedOver();
  // For how long the announcer was not run, if that has fenced it.
  std::optional<absl::Duration> TakeStall() {
    return std::exchange(stall_, std::nullopt);
  }

  // The announcements that are wanted now, whatever their state.
  const AnnouncementSet& current() const { return wanted_.current(); }
  // REQUIRES: current().contains(announcement).
  ClaimState StateOf(const Announcement& announcement) const;
  // On some interface.
  bool IsAnswered(const net::IpAddress& vip) const;
  // Addresses that are announced nowhere because a foreign host has them.
  std::set<net::IpAddress> LeftToForeigners() const;
  bool IsLeftToForeigner(const net::IpAddress& vip) const;
  // Where the address is withheld, by interface.
  std::vector<WithheldAddress> Withheld(const net::IpAddress& vip) const;
  // Interfaces that hear each other's announcements: they are on one segment.
  std::vector<InterfacePair> OnOneSegment() const {
    return cross_hearing_.PairsAt(stall_guard_.run_at());
  }
  // All addresses that a frame of the interface may be about, watched ones too:
  // what a filter in the kernel must let through.
  absl::btree_set<net::IpAddress> HeardOn(std::string_view interface) const;
  // Has that set the address?
  bool Hears(std::string_view interface, const net::IpAddress& address) const;
  const VerdictCounters& verdicts() const { return verdicts_; }
  // By address; only those of current().
  const absl::btree_map<net::IpAddress, AddressCounters>& counters() const {
    return outbox_.counters();
  }
  // Announcements beyond announcements_max.
  size_t refused() const { return wanted_.refused(); }

 private:
  // Each call that has the time, but Fence(), begins with it.
  void NoteRun(absl::Time now);
  void Follow(absl::Time now, const AnnouncementPlan& plan);
  void Start(absl::Time now, const Announcement& announcement);
  void Stop(absl::Time now, const Announcement& announcement);
  void HandOver(absl::Time now, const Announcement& announcement);
  void Retune(absl::Time now, const Announcement& announcement);
  void Renew(absl::Time now, const Announcement& announcement);
  Verdict Judge(absl::Time now, Segment& segment,
                absl::Span<const uint8_t> frame);
  Verdict OnQuestion(absl::Time now, Segment& segment,
                     const Reception& reception,
                     const net::NeighborPacket& packet);
  Verdict OnClaim(absl::Time now, Segment& segment, const Reception& reception);
  // The rival that a frame comes from.
  enum class Told : uint8_t { kRival, kOurselves, kProxy };
  Told TellRival(absl::Time now, Segment& segment, const Reception& reception);
  void JudgeProxies(absl::Time now, Segment& segment);
  void FollowChanges(Segment& segment);
  void Report(const Segment& segment, const ClaimChange& change);
  void NoteDelivery(const net::IpAddress& vip) {
    delivery_changes_.insert(vip);
  }
  // One more announcement, so that it is heard whether they are apart now.
  void TryCrossHearing(absl::Time now);
  void QueueDue(absl::Time now);

  const AnnouncerOptions options_;
  std::vector<Interface> interfaces_;
  AnnouncementTable wanted_;
  Demand demand_;
  SegmentTable segments_;  // Of interfaces_, with the claims of wanted_.
  CrossHearing cross_hearing_;
  FrameOutbox outbox_;
  ConflictReports conflicts_;
  ProxyWatch proxies_;
  VerdictCounters verdicts_;
  StallGuard stall_guard_;
  bool fenced_ = false;
  absl::btree_set<net::IpAddress> delivered_;
  absl::btree_set<net::IpAddress> delivery_changes_;  // Not taken yet.
  absl::btree_set<Announcement> handed_over_;  // Of current(); not taken yet.
  std::optional<absl::Duration> stall_;        // Not taken yet.
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_ANNOUNCER_H_
