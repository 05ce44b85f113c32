// AnnounceNode: an Announcer on real (or simulated) interfaces.
//
// Owns the announcer, a frame port per usable interface, and the timer; follows
// the link monitor. An interface whose port cannot be opened counts as unusable
// with the reason, and is tried again with the next link change and every
// `port_retry`. Loop thread only; must not outlive its ports.
//
//   AnnounceNode node(options, ports);
//   node.Start();
//   node.SetAnnouncements({{vip, {}}});
//
// Events: AddressConflict (Vip/ADDRESS) when another host claims an address
// that we announce or probe for, with what was done (a normal event if that
// host answers for every address and is overlooked); AddressTakenBack
// (Vip/ADDRESS) when the rival that had one is silent; InterfaceChanged
// (Interface/NAME) when one becomes usable or ceases to be; GroupRefused
// (Interface/NAME) when the kernel refuses a multicast group (an IPv6 address
// that shares it may go unanswered).
#ifndef LB_ANNOUNCE_ANNOUNCE_NODE_H_
#define LB_ANNOUNCE_ANNOUNCE_NODE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcer.h"
#include "lb/announce/interface.h"
#include "lb/announce/verdict.h"
#include "lb/io/frame_transport.h"
#include "lb/io/loop.h"
#include "lb/io/node_ports.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

struct AnnounceNodeOptions {
  AnnouncerOptions announcer;
  InterfaceOptions interfaces;
  absl::Duration port_retry = absl::Seconds(10);
};

// What an AnnounceNode uses of the outside world. Nothing is owned; all of it
// outlives the node.
struct Ports : io::NodePorts {
  io::FrameTransport* frames = nullptr;

  // As NodePorts::From().
  template <typename World>
  static Ports From(const World& world) {
    return {io::NodePorts::From(world), world.frames};
  }
};

class AnnounceNode {
 public:
  // REQUIRES: Validate(options.announcer) is OK.
  AnnounceNode(const AnnounceNodeOptions& options, const Ports& ports);

  AnnounceNode(const AnnounceNode&) = delete;
  AnnounceNode& operator=(const AnnounceNode&) = delete;
  ~AnnounceNode();

  // Opens the ports and becomes the observer of ports.links. Once.
  void Start();

  // Replaces what is announced. Returns what changed, already done.
  AnnouncementPlan SetAnnouncements(Announcements announcements);
  // The same for some of them, and which addresses are watched from now on, or
  // no more; at a cost that goes with these.
  using WatchedChanges = absl::btree_map<net::IpAddress, bool>;
  AnnouncementPlan ChangeAnnouncements(const AnnouncementChanges& changes,
                                       const WatchedChanges& watched);

  // As the announcer's calls of these names.
  void SetWatched(absl::btree_set<net::IpAddress> addresses);
  void Refresh(const absl::btree_set<net::IpAddress>& addresses);
  void Reclaim(const net::IpAddress& vip);
  void ChangeDelivered(const Announcer::Delivered& changes);
  absl::btree_set<net::IpAddress> TakeDeliveryChanges() {
    return announcer_.TakeDeliveryChanges();
  }
  void Fence();
  void Unfence();

  // All interfaces, usable or why not, in the link monitor's order.
  const std::vector<InterfaceChoice>& interfaces() const { return choices_; }
  // Called after the links or their addresses changed, and interfaces() has
  // followed. No observer may destroy the node; each may call it.
  void SetInterfacesObserver(absl::AnyInvocable<void()> on_change) {
    on_interfaces_ = std::move(on_change);
  }
  // Called with each conflict, after its event.
  void SetConflictObserver(
      absl::AnyInvocable<void(const Conflict&)> on_conflict) {
    on_conflict_ = std::move(on_conflict);
  }
  // Called when an address that is handed over is announced by another host:
  // it is not answered any more, and may cease to be delivered.
  void SetHandedOverObserver(
      absl::AnyInvocable<void(const Announcement&)> on_handed_over) {
    on_handed_over_ = std::move(on_handed_over);
  }
  // Called while there are TakeDeliveryChanges().
  void SetDeliveryObserver(absl::AnyInvocable<void()> on_delivery) {
    on_delivery_ = std::move(on_delivery);
  }
  // Called when the announcer has fenced itself, with how long it was not run.
  // It stays silent until Unfence().
  void SetStallObserver(absl::AnyInvocable<void(absl::Duration)> on_stall) {
    on_stall_ = std::move(on_stall);
  }

  // For counters and for what is announced.
  const Announcer& announcer() const { return announcer_; }
  // Frames that the kernel did not take.
  uint64_t frames_unsent() const { return frames_unsent_; }

 private:
  struct Port {
    int index = 0;  // Of the interface, when it was opened.
    net::MacAddress mac;
    std::unique_ptr<io::FramePort> port;
    absl::btree_set<net::IpAddress> heard;  // What its filter is to pass.
    bool is_behind = false;  // It was refused, and is to be set again.
  };

  void OnLinks();
  // Selects the interfaces again.
  void FollowLinks(std::vector<InterfaceChoice> choices);
  Port ReusePort(const Interface& interface);
  // On failure says so in `choice`, and sets retry_at_.
  Port OpenPort(InterfaceChoice& choice);
  // Has the kernel pass what the announcer must hear, and little else.
  void UpdateFilters();
  // The same if nothing has changed but by these.
  void UpdateFilters(const AnnouncementPlan& plan,
                     const WatchedChanges& watched);
  void SetFilter(const std::string& name, Port& port);
  void RecordChanges(const std::vector<InterfaceChoice>& before);
  void RecordInterface(const std::string& name, std::string message);
  void OnTimer();
  // Sends and reports all that the announcer has, and arms the timer.
  void Drain();
  void ChangeGroup(const GroupChange& change);
  void Report();
  void ReportConflict(const Conflict& conflict);

  const AnnounceNodeOptions options_;
  const Ports ports_;
  bool started_ = false;
  Announcer announcer_;
  std::vector<InterfaceChoice> selected_;  // choices_, before ports are open.
  std::vector<InterfaceChoice> choices_;
  std::map<std::string, Port> frame_ports_;  // By interface name.
  std::unique_ptr<io::Timer> timer_;
  absl::Time retry_at_ = absl::InfiniteFuture();
  uint64_t frames_unsent_ = 0;
  absl::AnyInvocable<void()> on_interfaces_;
  absl::AnyInvocable<void(const Conflict&)> on_conflict_;
  absl::AnyInvocable<void(const Announcement&)> on_handed_over_;
  absl::AnyInvocable<void()> on_delivery_;
  absl::AnyInvocable<void(absl::Duration)> on_stall_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_ANNOUNCE_NODE_H_
