// NeighbourTable: the neighbour table of a Linux host.
//
// The states and timers of net/core/neighbour.c, and what ARP and neighbour
// advertisements do to an entry (net/ipv4/arp.c with arp_accept=0, lock time
// 1 s; net/ipv6/ndisc.c): gratuitous forms move an IPv4 entry at once, other
// claims a second after its last change; an advertisement without the override
// flag moves none. A used entry that nothing has confirmed for 15 to 45 s is
// asked for by unicast, then given up and asked for by broadcast.
//
// Pure: time is an argument, questions are drained.
//
//   const auto mac = table.Use(now, vip);      // a packet for vip goes there
//   table.OnArp(now, packet, /*to_us=*/true);
//   table.OnTimer(now);                        // a few times a second
//   for (const auto& question : table.TakeQuestions()) ...
#ifndef LB_TESTS_SIM_NEIGHBOUR_TABLE_H_
#define LB_TESTS_SIM_NEIGHBOUR_TABLE_H_

#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/net/arp.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"
#include "lb/net/ndp.h"

namespace lb {

class NeighbourTable {
 public:
  // The times of Linux, in seconds: base_reachable_time (0.5 to 1.5 of it is
  // drawn), delay_first_probe_time, retrans_time, locktime; mcast and ucast
  // solicit.
  static constexpr absl::Duration kReachable = absl::Seconds(30);
  static constexpr absl::Duration kDelay = absl::Seconds(5);
  static constexpr absl::Duration kRetrans = absl::Seconds(1);
  static constexpr absl::Duration kLock = absl::Seconds(1);
  static constexpr int kSolicits = 3;
  // How long a wrong entry in use can last if no host announces the address.
  static absl::Duration WrongMax() {
    return kReachable * 1.5 + kDelay + 2 * kSolicits * kRetrans;
  }

  struct Question {
    net::IpAddress target;
    std::optional<net::MacAddress> to;  // Nullopt: all.
  };

  NeighbourTable(net::IpAddress own, Prng prng) : own_(own), prng_(prng) {}

  // Where a packet for the address goes now; nullopt: nowhere, it is asked for.
  std::optional<net::MacAddress> Use(absl::Time now,
                                     const net::IpAddress& address);
  // `to_us`: the frame's destination was our own MAC.
  void OnArp(absl::Time now, const net::ArpPacket& packet, bool to_us);
  void OnAdvertisement(absl::Time now,
                       const net::NeighborAdvertisement& message);
  void OnTimer(absl::Time now);
  std::vector<Question> TakeQuestions();
  // Addresses in use for which all questions were left unanswered.
  std::vector<net::IpAddress> TakeGivenUp();

  // Drops the entry, as "ip neigh del" does: the next use asks for it.
  void Forget(const net::IpAddress& address) { entries_.erase(address); }

  // Looks the entry up without using it.
  std::optional<net::MacAddress> Find(const net::IpAddress& address) const;

 private:
  enum class State { kIncomplete, kReachable, kStale, kDelay, kProbe };
  struct Entry {
    State state = State::kIncomplete;
    net::MacAddress mac;  // Of no meaning while incomplete.
    absl::Time changed;
    absl::Time deadline;
    int asked = 0;
  };

  void Ask(absl::Time now, const net::IpAddress& address, Entry& entry);
  void Confirm(absl::Time now, Entry& entry);
  // A claim: `state` is the entry's next one if it is taken.
  void Learn(absl::Time now, Entry& entry, const net::MacAddress& mac,
             State state, bool overrides);

  const net::IpAddress own_;
  Prng prng_;
  std::map<net::IpAddress, Entry> entries_;
  std::vector<Question> questions_;
  std::vector<net::IpAddress> given_up_;
};

}  // namespace lb

#endif  // LB_TESTS_SIM_NEIGHBOUR_TABLE_H_
