// Announcer: answers ARP and NDP for a set of addresses, and announces them.
//
// The core of layer-2 mode. It is told the usable interfaces and the addresses,
// gets the received frames and the time, and yields frames to send, multicast
// groups to join, and conflicts. It has no socket, no clock and no thread; the
// same calls give the same output everywhere. AnnounceNode is its shell.
//
//   Announcer announcer(options, prng);
//   announcer.SetLinks(now, interfaces);
//   announcer.SetAnnouncements(now, {{vip, {}}});
//   announcer.OnFrame(now, "eth0", bytes);
//   for (const OutgoingFrame& frame : announcer.TakeFrames()) ...
//
// Starting an address takes effect with the call: from then on it is answered,
// and its first announcement is in TakeFrames(). After a stop nothing is sent
// for the address any more, not even what was queued.
#ifndef LB_ANNOUNCE_ANNOUNCER_H_
#define LB_ANNOUNCE_ANNOUNCER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcement_schedule.h"
#include "lb/announce/interface.h"
#include "lb/announce/verdict.h"
#include "lb/base/prng.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

struct AnnouncerOptions {
  ScheduleOptions schedule;
  // Addresses times interfaces. What is beyond (in the order of addresses, then
  // interface names) is not announced, and counted in refused().
  size_t announcements_max = 65536;
  // Frames not yet taken. Replies beyond are dropped, announcements wait.
  size_t frames_max = 8192;
  // One address on one interface is reported at most this often: RFC 5227 2.4,
  // DEFEND_INTERVAL.
  absl::Duration conflict_interval = absl::Seconds(10);
};

// Names the first option that is out of range; OK if there is none.
absl::Status Validate(const AnnouncerOptions& options);

struct OutgoingFrame {
  std::string interface;
  net::IpAddress vip;  // What it is about.
  std::vector<uint8_t> bytes;
};

// A solicited-node group to join or leave. The groups of an interface that is
// no longer usable are forgotten, and joined again when it is back.
struct GroupChange {
  enum class Action { kJoin, kLeave };

  std::string interface;
  net::IpAddress group;
  Action action = Action::kJoin;

  friend bool operator==(const GroupChange&, const GroupChange&) = default;
};

// Another host says that it has an address which we announce.
struct Conflict {
  Announcement announcement;
  net::MacAddress rival;

  friend bool operator==(const Conflict&, const Conflict&) = default;
};

// From the first start of an address on some interface to its last stop.
struct AddressCounters {
  uint64_t requests_received = 0;
  uint64_t responses_sent = 0;
  uint64_t gratuitous_sent = 0;  // Unsolicited frames.
  uint64_t conflicts_seen = 0;   // Frames that claim it for another host.

  friend bool operator==(const AddressCounters&,
                         const AddressCounters&) = default;
};

class Announcer {
 public:
  // REQUIRES: Validate(options) is OK.
  Announcer(const AnnouncerOptions& options, Prng prng);

  // The usable interfaces, and the addresses to announce; each replaces the
  // last. Returns what it changed, already done.
  AnnouncementPlan SetLinks(absl::Time now, std::vector<Interface> interfaces);
  AnnouncementPlan SetAnnouncements(absl::Time now,
                                    Announcements announcements);

  // A whole Ethernet frame from the interface of that name.
  Verdict OnFrame(absl::Time now, std::string_view interface,
                  absl::Span<const uint8_t> frame);

  // Queues the announcements that are due.
  void OnTimer(absl::Time now);
  absl::Time NextDeadline() const;  // InfiniteFuture: none.

  // What has come up since last taken: frames in the order to send them, the
  // rest sorted by interface and by announcement.
  std::vector<OutgoingFrame> TakeFrames();
  std::vector<GroupChange> TakeGroups();
  std::vector<Conflict> TakeConflicts();

  // What is announced now.
  const AnnouncementSet& current() const { return current_; }
  const VerdictCounters& verdicts() const { return verdicts_; }
  // By address; only those that are announced.
  const absl::btree_map<net::IpAddress, AddressCounters>& counters() const {
    return counters_;
  }
  // Announcements beyond announcements_max.
  size_t refused() const { return refused_; }

 private:
  // One usable interface: who we are there and what we announce.
  struct Segment {
    Interface interface;
    absl::btree_set<net::IpAddress> announced;
    absl::btree_set<net::IpAddress> groups;  // As last taken.
    AnnouncementSchedule schedule;
  };

  AnnouncementPlan Reconcile(absl::Time now);
  void MatchSegments();
  void Start(absl::Time now, const Announcement& announcement);
  void Stop(const Announcement& announcement);
  void DropFrames(const Announcement& announcement);
  Verdict Receive(absl::Time now, const Segment& segment,
                  absl::Span<const uint8_t> bytes);
  Verdict OnArp(absl::Time now, const Segment& segment,
                const net::EthernetFrame& frame);
  Verdict OnNdp(absl::Time now, const Segment& segment,
                const net::EthernetFrame& frame);
  Verdict Reply(const Announcement& announcement, std::vector<uint8_t> bytes);
  Verdict OnConflict(absl::Time now, const Conflict& conflict);
  void QueueDue(absl::Time now);

  const AnnouncerOptions options_;
  const Prng prng_;  // Forked per segment.
  std::vector<Interface> interfaces_;
  Announcements announcements_;
  AnnouncementSet current_;
  size_t refused_ = 0;
  std::map<std::string, Segment, std::less<>> segments_;  // By name.
  absl::btree_map<net::IpAddress, AddressCounters> counters_;
  VerdictCounters verdicts_;
  // When each conflict was last reported; a subset of current_.
  absl::btree_map<Announcement, absl::Time> reported_;
  std::vector<OutgoingFrame> frames_;  // At most frames_max and one burst.
  bool groups_stale_ = false;          // TakeGroups() has something to do.
  absl::btree_map<Announcement, net::MacAddress> conflicts_;  // Not yet taken.
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_ANNOUNCER_H_
