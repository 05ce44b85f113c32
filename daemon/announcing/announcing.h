// Announcing: what this node does on the wire for the addresses it is elected
// for, and for those that it gives away.
//
// Joins the announcer (lb/announce), the handover and the delivery on "lo". It
// is told the outcome of elections, and knows none of their rules: an address
// that moves to another node is handed over, any other that is no longer wanted
// stops at once. Which of two members goes first in a conflict it asks.
//
// Delivery follows the claims: an address is on "lo" from when it is ours (no
// other host answered its probes) until it is given up, and is announced while
// it is there. While another host has it, it is on no interface. What goes to a
// member is delivered a little longer. A family that "lo" does not take is not
// told as an ability of this node.
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

// A member whose MAC was seen in a claim of an address of ours.
struct RivalMember {
  bool live = false;      // By our gossip.
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
  // A process that was not run for so long keeps silent; see announce::
  // AnnouncerOptions.
  absl::Duration stall_max = absl::ZeroDuration();
  // REQUIRES: both nodes that are asked about each other answer alike.
  std::function<RivalMember(const net::IpAddress& vip, const std::string& node)>
      judge_rival;
  // None: proxies are not told from other hosts.
  announce::IsSpare is_spare;
};

class Announcing {
 public:
  // An address that this node took up within this time is insisted upon against
  // members that are up: they have not heard of the election yet.
  static constexpr absl::Duration kFresh = absl::Seconds(5);

  Announcing(AnnouncingOptions options, const io::Environment& environment);

  // Takes up whose the MACs are, takes off "lo" what an earlier run left there,
  // and opens the interfaces. Once. Not OK: why nobody's MACs were taken up, as
  // MemberMacsStore::Restore() has it; all else is done.
  absl::Status Start();

  // What elections say. Nothing changes if it is the same again.
  void Update(const Elected& elected) {
    Change(DifferenceOf(elected_, elected));
  }
  // The same for these addresses only, at a cost that goes with them.
  void Change(const ElectedChange& change);
  // A member's metadata.
  void Learn(const std::string& node, const NodeMetadata& metadata);
  // Members are gone: all addresses are announced once more, so that two nodes
  // that only lost their gossip hear each other.
  void Refresh();
  // Members have come: takes back what was left to rivals.
  void Reclaim();

  // Silence until Unfence().
  void Fence() { announce_.Fence(); }
  void Unfence() { announce_.Unfence(); }
  bool fenced() const { return announce_.announcer().fenced(); }

  // What this node can announce on at the moment, for addresses that it can
  // deliver, and alternative names that are in `wanted`, which have no MAC.
  // Sorted by name. What others must know to elect this node.
  std::vector<AnnouncingInterface> InterfacesToTell(
      const std::set<std::string>& wanted) const;
  // Families of which it can deliver no address, so that it announces none.
  net::IpFamilies Undeliverable() const { return delivery_.Unable(); }
  // Sentences on what the kernel would answer by itself; see strict_arp.h.
  std::vector<std::string> StrictArpFaults(
      std::function<bool(const net::IpAddress&)> is_assigned) const;

  // Elected for, whether answered already or not.
  const announce::Announcements& elected() const { return elected_.here; }
  // Is it answered now, on some interface?
  bool Answers(const net::IpAddress& vip) const;
  // Addresses that this node announces nowhere because hosts outside the
  // cluster have them.
  std::set<net::IpAddress> LeftToForeigners() const {
    return announce_.announcer().LeftToForeigners();
  }
  // Where another host keeps us from announcing it, by interface.
  std::vector<Withheld> WithheldOf(const net::IpAddress& vip) const;
  // The member that has the MAC, now or before.
  std::optional<std::string> NodeOf(const net::MacAddress& mac) const {
    return macs_.NodeOf(mac);
  }
  // The same, to be told to the others; civil time is `civil_offset` later than
  // the loop's.
  std::vector<WithheldFact> WithheldFactsOf(const net::IpAddress& vip,
                                            absl::Duration civil_offset) const;
  // Of all addresses; costs go with the conflicts that there were.
  WithheldFacts AllWithheld(absl::Duration civil_offset) const;
  // Addresses given away that no other node was heard to have taken.
  bool IsHandingOver() const { return !handover_.Answering().empty(); }
  // Why addresses cannot be put on "lo" or taken off. Sentences.
  std::vector<std::string> DeliveryFaults() const { return delivery_.Faults(); }
  // Of families that are Undeliverable() though the host takes them again:
  // until when. Nullopt: it does not, or they are not.
  std::optional<absl::Time> DeliveryHeldUntil(
      const net::IpFamilies& families) const {
    return delivery_.HeldUntil(families);
  }
  bool IsDelivering() const { return !handover_.empty(); }

  // Called, on later turns of the loop, after what its name says; no more than
  // one of each. They may call this object.
  void SetInterfacesObserver(absl::AnyInvocable<void()> on_change) {
    on_interfaces_ = std::move(on_change);
  }
  // An address is announced that was not, or is not any more; or what can be
  // delivered has changed.
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
  void EndHandovers();
  // Addresses whose watching begins or ends.
  using Watched = announce::AnnounceNode::WatchedChanges;
  void Put(absl::Time now, const net::IpAddress& vip, const ElectedPlace& place,
           Watched& watched);
  void OnHandover();
  // `due`: addresses that elections have changed.
  void Apply(std::set<net::IpAddress> due, const Watched& watched);
  void OnLinks();
  void OnDelivery();
  void Deliver();
  std::set<std::string> UsableInterfaces() const;
  void NoteYields(const absl::btree_set<net::IpAddress>& claimed);

  const AnnouncingOptions options_;
  io::Environment environment_;
  announce::MemberMacsStore macs_;
  announce::Handover handover_;
  announce::LoopbackDelivery delivery_;
  announce::AnnounceNode announce_;
  Elected elected_;
  // As the announcer has it; of handover_.
  absl::btree_map<net::IpAddress, announce::Handover::Interfaces> answering_;
  std::map<net::IpAddress, absl::Time> since_;  // Of elected_.here.
  absl::btree_set<net::IpAddress> claimed_;  // To deliver, when last looked at.
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
