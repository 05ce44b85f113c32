// AnnounceSimFixture: two nodes and a client on a simulated segment.
#ifndef LB_ANNOUNCE_TESTING_ANNOUNCE_SIM_FIXTURE_H_
#define LB_ANNOUNCE_TESTING_ANNOUNCE_SIM_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lb/announce/announce_node.h"
#include "lb/io/frame_transport.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

inline const net::IpAddress kVip = *net::ParseIpAddress("172.18.8.203");
inline const net::IpAddress kVip6 = *net::ParseIpAddress("2001:db8::203");

// Nodes 1 and 2 are 02:00:00:00:00:01 and :02, the client :03.
class AnnounceSimFixture : public ::testing::Test {
 protected:
  AnnounceSimFixture();

  void StartNodes(const AnnounceNodeOptions& options1,
                  const AnnounceNodeOptions& options2);

  // The frames that the client heard in `duration`, a line each: "gratuitous
  // request 172.18.8.203 is at 02:00:00:00:00:01".
  std::vector<std::string> Run(absl::Duration duration);

  // Sends from the client, and returns what it hears within 10 ms.
  std::vector<std::string> Send(const std::vector<uint8_t>& frame);
  std::vector<std::string> Resolve(const net::IpAddress& vip);

  // The client's question of all; and its claim, as a foreign host's.
  std::vector<uint8_t> Question(const net::IpAddress& vip) const;
  std::vector<uint8_t> Claim(const net::IpAddress& vip) const;

  // As every IPv6 host does.
  void JoinAllNodes();

  // "Vip/172.18.8.203 eth0: ...".
  static std::vector<std::string> Events(io::SimHost* host,
                                         std::string_view reason);

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* const n1_;
  io::SimHost* const n2_;
  io::SimHost* const client_;
  std::unique_ptr<AnnounceNode> node1_;
  std::unique_ptr<AnnounceNode> node2_;
  std::unique_ptr<io::FramePort> port_;  // The client's.

 private:
  void Hear(absl::Span<const uint8_t> bytes);

  std::vector<std::string> heard_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_TESTING_ANNOUNCE_SIM_FIXTURE_H_
