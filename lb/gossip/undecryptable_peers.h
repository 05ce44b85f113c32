// UndecryptablePeers: addresses that send gossip which this node cannot read,
// or that cannot read what this node sends, because keys or labels differ.
//
// Bounded: an attacker can send packets from any address. An address leaves the
// table when its packets decrypt and it answers, after `keep` without another
// sign, or when the table is full and it was silent for longest. Plain state;
// no clock.
#ifndef LB_GOSSIP_UNDECRYPTABLE_PEERS_H_
#define LB_GOSSIP_UNDECRYPTABLE_PEERS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "lb/gossip/wire/codec.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

struct UndecryptablePeer {
  net::IpAddress address;
  wire::Mismatch mismatch = wire::Mismatch::kOtherKey;  // The latest.
  uint64_t count = 0;  // Datagrams and streams since `first`.
  absl::Time first;    // In the loop's time.
  absl::Time last;
};

class UndecryptablePeers {
 public:
  static constexpr size_t kPeersMax = 64;
  // Events per minute; later ones are in List() only.
  static constexpr int kEventsMax = 8;

  // A datagram alone may be noise; the second one from an address counts. A
  // stream counts at once: it comes from where it says.
  enum class Via { kDatagram, kStream };

  explicit UndecryptablePeers(absl::Duration keep) : keep_(keep) {}

  // True: an event is due, since the address is new in List().
  bool Record(absl::Time now, const net::IpAddress& from, Via via,
              wire::Mismatch mismatch);
  // A packet from there decrypts: what was wrong with others is over, but not
  // kOursRefused.
  void OnReadable(const net::IpAddress& from);
  // It answered what this node sent.
  void Forget(const net::IpAddress& from) { peers_.erase(from); }
  // By address.
  std::vector<UndecryptablePeer> List(absl::Time now) const;

 private:
  struct Entry {
    UndecryptablePeer peer;
    bool counts = false;
  };

  void MakeRoom(absl::Time now);
  bool MayTell(absl::Time now);

  const absl::Duration keep_;
  std::map<net::IpAddress, Entry> peers_;  // At most kPeersMax.
  absl::Time minute_began_ = absl::InfinitePast();
  int told_ = 0;  // Since then.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_UNDECRYPTABLE_PEERS_H_
