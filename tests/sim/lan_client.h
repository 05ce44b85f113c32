// LanClient: a host on the simulated segment with a Linux neighbour's table.
//
// It pings addresses: asks for those that it has no entry of, and takes a ping
// for answered if its entry names a host that is up, has a carrier, and accepts
// the address. An entry follows ARP as a Linux kernel with arp_accept=0 does:
// gratuitous forms move it at once (request form; reply form with the sender
// as its target), any other claim only one second after the last move; probes
// and what it has no entry of never do. (net/ipv4/arp.c; reference: the table
// that tests/netns shows on a real kernel.) IPv4 only.
//
// It keeps count of who answered its questions: two answers from two hosts to
// one question mean two owners.
#ifndef LB_TESTS_SIM_LAN_CLIENT_H_
#define LB_TESTS_SIM_LAN_CLIENT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/io/frame_transport.h"
#include "lb/io/loop.h"
#include "lb/io/sim/sim_host.h"
#include "lb/net/arp.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb {

class LanClient {
 public:
  // Would the host with this MAC take a packet for the address now?
  using Accepts = std::function<bool(const net::MacAddress& mac,
                                     const net::IpAddress& address)>;

  LanClient(io::SimHost* host, Accepts accepts);

  // From now on, every `interval`.
  void Ping(const net::IpAddress& address, absl::Duration interval);
  // Drops the entry, so that the next ping asks.
  void Forget(const net::IpAddress& address) { entries_.erase(address); }

  struct Pings {
    int sent = 0;
    int lost = 0;
    absl::Duration longest_silence = absl::ZeroDuration();
    int doubly_answered = 0;  // Questions that two hosts answered.
    // Begins with the count anew.
    absl::Time answered_at;
  };
  const Pings& pings() const { return pings_; }
  void Reset();

  std::optional<net::MacAddress> Neighbour(const net::IpAddress& address) const;

 private:
  struct Entry {
    net::MacAddress mac;
    absl::Time updated;
  };

  void OnTick();
  void Ask(const net::IpAddress& address);
  void OnFrame(absl::Span<const uint8_t> frame);
  void Learn(const net::ArpPacket& packet);

  io::SimHost* const host_;
  const Accepts accepts_;
  std::unique_ptr<io::FramePort> port_;
  std::unique_ptr<io::Timer> timer_;
  net::IpAddress pinged_;
  absl::Duration interval_;
  std::map<net::IpAddress, Entry> entries_;
  std::set<net::MacAddress> answered_by_;  // The question under way.
  bool asking_ = false;
  Pings pings_;
};

}  // namespace lb

#endif  // LB_TESTS_SIM_LAN_CLIENT_H_
