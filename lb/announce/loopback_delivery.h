// LoopbackDelivery: puts the addresses that this node announces on "lo", so
// that its kernel accepts their packets where no kube-proxy does it.
//
// Its work goes with what changes: of ten thousand addresses one costs what it
// costs alone.
//
//   delivery.Want(vip, true);
//   while (!delivery.Deliver()) {}  // Each call on a turn of its own.
//   for (const net::IpAddress& vip : delivery.TakeChanged()) {
//     Use(vip, delivery.Delivers(vip));
//   }
//
// Follows the kernel's addresses on "lo". An address that another program
// removes is put back; one that the kernel refuses is tried again. A host that
// takes no packets for a family can serve no address of it. The node tells
// Unable() to the others; it lasts for a while after the fault is gone, so that
// no address moves to and fro with a fault that comes and goes.
//
// Loop thread only.
#ifndef LB_ANNOUNCE_LOOPBACK_DELIVERY_H_
#define LB_ANNOUNCE_LOOPBACK_DELIVERY_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/base/event_log.h"
#include "lb/io/address_installer.h"
#include "lb/io/link_monitor.h"
#include "lb/io/loop.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"

namespace lb::announce {

class LoopbackDelivery {
 public:
  // What it uses of the outside world. Nothing is owned; all of it outlives it.
  struct Ports {
    io::Loop* loop = nullptr;
    io::AddressInstaller* installer = nullptr;
    const io::LinkMonitor* links = nullptr;
    EventLog* log = nullptr;
    // As io::Environment has it. Empty: none can be read.
    std::function<std::optional<int>(const std::string& name)> sysctl;

    // Takes them out of a larger struct that has members of these names, as
    // io::Environment.
    template <typename World>
    static Ports From(const World& world) {
      return {.loop = world.loop,
              .installer = world.installer,
              .links = world.links,
              .log = world.log,
              .sysctl = world.sysctl};
    }
  };

  using Addresses = absl::btree_set<net::IpAddress>;

  // How many addresses one call puts on or takes off: the kernel takes about
  // 0.1 ms for each of IPv6.
  static constexpr size_t kChangesMax = 32;
  // A refused address is tried again after this.
  static constexpr absl::Duration kRetry = absl::Seconds(5);
  // A family counts as unable for so long after its last refusal, and for twice
  // as long if that came soon after the one before, up to kHoldMax. An address
  // that another program removes twice within kHold counts as refused, or the
  // two programs would take turns.
  static constexpr absl::Duration kHold = absl::Seconds(10);
  static constexpr absl::Duration kHoldMax = absl::Minutes(5);
  // One that goes again so soon after it was put back is taken off by the same
  // sweep: `ip address flush` goes on until nothing is left. It is put back
  // when the sweep is over.
  static constexpr absl::Duration kSweep = absl::Milliseconds(200);

  LoopbackDelivery(std::string node, const Ports& ports)
      : node_(std::move(node)), ports_(ports) {}

  // Takes off what a run that was killed has left: all that carries the mark of
  // an AddressInstaller, whatever is known of it otherwise. May be called again
  // while Deliver() never was: what is refused is tried again.
  void RemoveLeftovers();

  // Reads what is on "lo"; for when the links have changed. Event
  // DeliveryRestored: addresses were taken off by another program. True: call
  // Deliver().
  bool Follow();

  // The address is to be on "lo" from now on, or no more. At first none is.
  void Want(const net::IpAddress& address, bool wanted);
  // Puts on what is wanted and takes off what is not, so many of them. False:
  // call again, on a later turn of the loop. An address that the kernel refuses
  // is tried again with later calls, and is one event, until it is there or is
  // refused for another reason.
  bool Deliver();
  // When to call Deliver() again though nothing has changed, and to ask for
  // Unable() again. InfiniteFuture: not at all.
  absl::Time NextDeadline() const;

  // True if the address is wanted, and the host takes packets to it.
  bool Delivers(const net::IpAddress& address) const {
    return wanted_.contains(address) && delivered_.contains(address);
  }
  // Addresses that are or were wanted, for which Delivers() may be another than
  // at the last call.
  Addresses TakeChanged() { return std::exchange(changed_, {}); }

  // The families of which the host takes no packets, or did not lately.
  net::IpFamilies Unable() const;
  // Why not, and what cannot be taken off. Sentences; each says if it keeps
  // this node from being elected.
  std::vector<std::string> Faults() const;
  // Until when, by the loop's time, some of `families` are Unable() though none
  // is refused any more. Nullopt: all are able, or one is still refused.
  std::optional<absl::Time> HeldUntil(const net::IpFamilies& families) const;

 private:
  // How long a family counts as unable.
  struct Fault {
    absl::Time until = absl::InfinitePast();
    absl::Duration hold = kHold;

    void Hold(absl::Time now);
  };
  // Another program took an address off.
  struct Loss {
    absl::Time at;
    bool swept = false;  // And once more, within kSweep.
  };

  // The families that the kernel refuses now; see Unable().
  net::IpFamilies Refused() const;
  void Judge();
  std::vector<net::IpAddress> FindLost(const io::Link& loopback) const;
  void NoteLost(const std::vector<net::IpAddress>& lost);
  // Until when another program has its way with it.
  absl::Time LeftUntil(const net::IpAddress& address) const;
  bool IsLeft(const net::IpAddress& address) const;
  void PutOnTrial();
  // What Deliver() is to do, first what was not refused before; at most one
  // more than kChangesMax.
  std::vector<net::IpAddress> FindDue() const;
  // Is it to be put on or taken off?
  bool IsDue(const net::IpAddress& address) const {
    return wanted_.contains(address) != delivered_.contains(address);
  }
  void NoteDue(const net::IpAddress& address);
  // True: it is done.
  bool Change(const net::IpAddress& address, bool deliver);
  void Try(const net::IpAddress& address);
  void Report(const net::IpAddress& address, const char* what,
              const absl::Status& status);
  void RecordFailure(std::string message);

  const std::string node_;
  const Ports ports_;
  io::Link seen_;  // The link, without `installed`.
  Addresses wanted_;
  Addresses delivered_;
  Addresses due_;      // IsDue(), and not in refused_.
  Addresses changed_;  // TakeChanged()
  std::map<net::IpAddress, std::string> refused_;  // The last reports.
  std::map<net::IpAddress, Loss> losses_;          // Within kHold.
  std::set<net::IpAddress> on_trial_;  // Not wanted; one of each family.
  absl::Time retry_at_ = absl::InfiniteFuture();
  Fault ipv4_;
  Fault ipv6_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_LOOPBACK_DELIVERY_H_
