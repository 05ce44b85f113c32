// Announcing: what this node does on the wire for the addresses it is elected
// for, and for those that it gives away.
//
// Joins the announcer (lb/announce), the handover and the delivery on "lo". It
// gets the outcome of elections and knows none of their rules. An address that
// moves to another node is handed over; any other address that is no longer
// wanted stops at once. In a conflict it asks its owner which of two members
// goes first.
//
// Delivery follows the claims. An address goes on "lo" when it is ours (no
// other host answered its probes), and leaves "lo" when it is given up; it is
// announced only while it is there. While another host has it, it is on no
// interface. An address that moves to a member is delivered a little longer. If
// "lo" does not take a family, this node does not tell the others that it can
// announce it.
//
// Loop thread only; must not outlive the environment.
#ifndef LB_DAEMON_ANNOUNCING_ANNOUNCING_H_
#define LB_DAEMON_ANNOUNCING_ANNOUNCING_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/announcing/elected.h"
#include "daemon/hosts/withheld_facts.h"
#include "daemon/members/node_metadata.h"
#include "lb/announce/announce_node.h"
#include "lb/announce/handover.h"
#include "lb/announce/loopback_delivery.h"
#include "lb/announce/member_macs_store.h"
#include "lb/io/environment.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"

namespace lb {

enum class Delivery { kNone, kLoopback };

// A member whose MAC was seen in a frame that claims one of our addresses.
struct RivalMember {
  bool live = false;      // By our gossip, or it has said that it leaves.
  bool precedes = false;  // It goes before us for this address.
  bool owns = false;      // The address is its host's own.
};

// An address that this node is elected for and does not announce on an
// interface, because another host answers for it there.
struct Withheld {
  std::string interface;
  net::MacAddress mac;              // Of that host.
  std::optional<std::string> node;  // Its name, if it is a member.
  bool by_proxy = false;            // It answers for every address.
  absl::Time since;                 // The loop's.

  // "eth0: 02:00:5e:00:53:01 (no member) has it"
  std::string ToString() const;
  // What to do against a proxy; completes "want ...".
  static std::string_view ProxyRemedy();
};

struct AnnouncingOptions {
  std::string node;
  announce::InterfaceOptions interfaces;
  Delivery delivery = Delivery::kNone;
  announce::HandoverOptions handover;
  // A process that was not run for this long keeps silent; see
  // announce::AnnouncerOptions.
  absl::Duration stall_max = absl::ZeroDuration();
  // Says how a rival member stands to this node. REQUIRES: two nodes that are
  // asked about each other give the same order.
  std::function<RivalMember(const net::IpAddress& vip, const std::string& node)>
      judge_rival;
  // Empty: proxies are treated as other hosts.
  announce::IsSpare is_spare;
};

class Announcing {
 public:
  // This node insists on an address that it took up less than this ago, also
  // against members that are up: they have not heard of the election yet.
  static constexpr absl::Duration kFresh = absl::Seconds(5);

  Announcing(AnnouncingOptions options, const io::Environment& environment);

  // Restores the MAC-to-member table, removes addresses that a previous run
  // left on "lo", and opens the interfaces. Call it once. An error is that of
  // MemberMacsStore::Restore(): the table was not restored; all else is done.
  absl::Status Start();

  // Takes the outcome of elections. The same outcome again changes nothing.
  void Update(const Elected& elected) {
    Change(DifferenceOf(elected_, elected));
  }
  // Takes the outcome for these addresses only; the cost depends on their
  // number.
  void Change(const ElectedChange& change);
  // Addresses that this node announces by BGP from now on, or no more: they are
  // delivered here too, but for those that are left to foreign hosts.
  void ChangeRouted(const absl::btree_map<net::IpAddress, bool>& changes);
  // Learns the MACs in a member's metadata.
  void Learn(const std::string& node, const NodeMetadata& metadata);
  // Announces all addresses once more. Call it when members are gone, so that
  // two nodes that only lost their gossip hear each other.
  void Refresh();
  // Takes back addresses that were left to rivals. Call it when members have
  // come.
  void Reclaim();

  // Keeps silent until Unfence().
  void Fence() { announce_.Fence(); }
  void Unfence() { announce_.Unfence(); }
  bool fenced() const { return announce_.announcer().fenced(); }

  // Returns the interfaces that the other nodes must know to elect this node,
  // sorted by name: those on which it can announce now, for addresses that it
  // can deliver, and the alternative names in `wanted`, which have no MAC.
  std::vector<AnnouncingInterface> InterfacesToTell(
      const std::set<std::string>& wanted) const;
  // Families that this node cannot deliver, so that it announces none of their
  // addresses.
  net::IpFamilies Undeliverable() const { return delivery_.Unable(); }
  // Sentences that say which addresses the kernel would answer for by itself;
  // see strict_arp.h.
  std::vector<std::string> StrictArpFaults(
      std::function<bool(const net::IpAddress&)> is_assigned) const;

  // The addresses that this node is elected for, answered already or not.
  const announce::Announcements& elected() const { return elected_.here; }
  // True if this node answers for the address now, on any interface.
  bool Answers(const net::IpAddress& vip) const;
  // Addresses that this node announces nowhere because hosts outside the
  // cluster have them.
  std::set<net::IpAddress> LeftToForeigners() const {
    return announce_.announcer().LeftToForeigners();
  }
  // The interfaces on which another host keeps this node from announcing it.
  std::vector<Withheld> WithheldOf(const net::IpAddress& vip) const;
  // The member that has the MAC, or had it.
  std::optional<std::string> NodeOf(const net::MacAddress& mac) const {
    return macs_.NodeOf(mac);
  }
  // Returns the same for the other nodes. Civil time is `civil_offset` later
  // than the loop's.
  std::vector<WithheldFact> WithheldFactsOf(const net::IpAddress& vip,
                                            absl::Duration civil_offset) const;
  // Returns the facts of all addresses. The cost depends on the number of
  // conflicts.
  WithheldFacts AllWithheld(absl::Duration civil_offset) const;
  // True while this node answers for an address that it gave away and that no
  // other node was heard to take.
  bool IsHandingOver() const { return handover_.IsAnswering(); }
  // Sentences that say why addresses cannot be put on "lo" or removed from it.
  std::vector<std::string> DeliveryFaults() const { return delivery_.Faults(); }
  // The end of the time for which families stay Undeliverable() although the
  // host takes their packets again. Nullopt: there are no such families.
  std::optional<absl::Time> DeliveryHeldUntil(
      const net::IpFamilies& families) const {
    return delivery_.HeldUntil(families);
  }
  bool IsDelivering() const { return !handover_.empty(); }

  // Observers are called on a later turn of the loop, at most one call for each
  // event. They may call this object.
  void SetInterfacesObserver(absl::AnyInvocable<void()> on_change) {
    on_interfaces_ = std::move(on_change);
  }
  // Called when an address begins or ceases to be announced, and when the
  // deliverable families change.
  void SetDeliveryObserver(absl::AnyInvocable<void()> on_change) {
    on_delivery_ = std::move(on_change);
  }
  void SetConflictObserver(
      absl::AnyInvocable<void(const announce::Conflict&)> on_conflict) {
    on_conflict_ = std::move(on_conflict);
  }
  void SetStallObserver(absl::AnyInvocable<void(absl::Duration)> on_stall) {
    announce_.SetStallObserver(std::move(on_stall));
  }
  void SetHandoverObserver(absl::AnyInvocable<void()> on_progress) {
    on_handover_ = std::move(on_progress);
  }

  const announce::AnnounceNode& node() const { return announce_; }

 private:
  announce::AnnounceNodeOptions NodeOptions() const;
  announce::Precedence PrecedenceOf(const net::IpAddress& vip,
                                    const net::MacAddress& mac) const;
  void BeginHandover(absl::Time now, const net::IpAddress& vip,
                     const ElectedPlace& next);
  void EndHandover(const net::IpAddress& vip);
  // Addresses that begin or cease to be watched.
  using Watched = announce::AnnounceNode::WatchedChanges;
  void Put(absl::Time now, const net::IpAddress& vip, const ElectedPlace& place,
           Watched& watched);
  void OnHandover();
  // Applies changes. `due` has the addresses that elections have changed.
  void Apply(std::set<net::IpAddress> due, const Watched& watched);
  void OnLinks();
  void OnDelivery();
  // Delivers what is wanted by now; `due`: addresses that may be wanted or not.
  void Deliver(absl::btree_set<net::IpAddress> due = {});
  bool IsWanted(const net::IpAddress& vip) const;
  std::set<std::string> UsableInterfaces() const;
  void FollowClaim(const net::IpAddress& vip);

  const AnnouncingOptions options_;
  io::Environment environment_;
  announce::MemberMacsStore macs_;
  announce::Handover handover_;
  announce::LoopbackDelivery delivery_;
  announce::AnnounceNode announce_;
  Elected elected_;
  std::map<net::IpAddress, absl::Time> since_;  // Of elected_.here.
  absl::btree_set<net::IpAddress> claimed_;  // To deliver, when last looked at.
  absl::btree_set<net::IpAddress> routed_;   // ChangeRouted()
  std::set<net::IpAddress> disputed_;  // Of elected_.here: had a conflict.
  std::unique_ptr<io::Timer> handover_timer_;
  std::unique_ptr<io::Timer> claims_timer_;    // They have changed.
  std::unique_ptr<io::Timer> delivery_timer_;  // LoopbackDelivery's.
  absl::AnyInvocable<void()> on_handover_;
  absl::AnyInvocable<void(const announce::Conflict&)> on_conflict_;
  absl::AnyInvocable<void()> on_interfaces_;
  absl::AnyInvocable<void()> on_delivery_;
};

}  // namespace lb

#endif  // LB_DAEMON_ANNOUNCING_ANNOUNCING_H_
