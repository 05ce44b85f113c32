// LanHost: a client, or the router, of the simulated segment.
//
// Uses every address in its list once a second through its neighbour tables,
// IPv4 and IPv6, and sends their questions. Never answers a question.
//
// It counts the questions that two hosts answered: two answers to one question
// mean two owners.
//
//   LanHost client(world.AddHost(
//                      {.name = "client", .addresses = {v4, v6}}),
//                  world.Fork("client"));
//   client.SetUsed({vip});
//   world.loop().RunFor(absl::Seconds(1));
//   EXPECT_EQ(client.Neighbour(vip), owner.mac());
#ifndef LB_TESTS_SIM_LAN_HOST_H_
#define LB_TESTS_SIM_LAN_HOST_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "lb/io/frame_transport.h"
#include "lb/io/loop.h"
#include "lb/io/sim/sim_host.h"
#include "lb/net/arp.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"
#include "tests/sim/neighbour_table.h"

namespace lb {

class LanHost {
 public:
  // The host has an IPv4 address first and an IPv6 address second.
  LanHost(io::SimHost* host, Prng prng);

  void SetUsed(std::set<net::IpAddress> addresses) {
    used_ = std::move(addresses);
  }
  // Returns where a packet for the address goes now. Nullopt: nowhere, the host
  // asks for it.
  std::optional<net::MacAddress> Use(const net::IpAddress& address);
  // Drops the entry of an address.
  void Forget(const net::IpAddress& address) {
    TableOf(address).Forget(address);
  }
  // Questions by ARP to all that hosts with different MACs answered.
  int doubly_answered() const { return doubly_answered_; }

  // Returns those of both tables; see NeighbourTable.
  std::vector<net::IpAddress> TakeGivenUp();
  const io::SimHost& host() const { return *host_; }
  std::optional<net::MacAddress> Neighbour(const net::IpAddress& vip) const;

 private:
  void OnTick();
  void OnFrame(absl::Span<const uint8_t> frame);
  void SendQuestions();
  void CountAnswer(const net::ArpPacket& packet);
  NeighbourTable& TableOf(const net::IpAddress& address);

  io::SimHost* const host_;
  const net::IpAddress ipv6_;
  NeighbourTable arp_;
  NeighbourTable ndp_;
  std::unique_ptr<io::FramePort> port_;
  std::unique_ptr<io::Timer> timer_;
  std::set<net::IpAddress> used_;
  // The hosts that answered the last question for an address.
  std::map<net::IpAddress, std::set<net::MacAddress>> answered_by_;
  int doubly_answered_ = 0;
  int ticks_ = 0;
};

}  // namespace lb

#endif  // LB_TESTS_SIM_LAN_HOST_H_
