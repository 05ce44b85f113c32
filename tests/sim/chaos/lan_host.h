// LanHost: a client, or the router, of the simulated segment.
//
// Uses every address it is told of once a second through its neighbour tables,
// IPv4 and IPv6, and sends what they ask. Never answers anybody.
#ifndef LB_TESTS_SIM_CHAOS_LAN_HOST_H_
#define LB_TESTS_SIM_CHAOS_LAN_HOST_H_

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "lb/io/frame_transport.h"
#include "lb/io/loop.h"
#include "lb/io/sim/sim_host.h"
#include "tests/sim/chaos/neighbour_table.h"

namespace lb::chaos {

class LanHost {
 public:
  // The host has an IPv4 address first and a global IPv6 address second.
  LanHost(io::SimHost* host, Prng prng);

  void SetUsed(std::set<net::IpAddress> addresses) {
    used_ = std::move(addresses);
  }
  // Of both tables: see NeighbourTable.
  std::vector<net::IpAddress> TakeGivenUp();
  const io::SimHost& host() const { return *host_; }
  std::optional<net::MacAddress> Neighbour(const net::IpAddress& vip) const;

 private:
  void OnTick();
  void OnFrame(absl::Span<const uint8_t> frame);
  void SendQuestions();
  NeighbourTable& TableOf(const net::IpAddress& address);

  io::SimHost* const host_;
  const net::IpAddress ipv6_;
  NeighbourTable arp_;
  NeighbourTable ndp_;
  std::unique_ptr<io::FramePort> port_;
  std::unique_ptr<io::Timer> timer_;
  std::set<net::IpAddress> used_;
  int ticks_ = 0;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_LAN_HOST_H_
