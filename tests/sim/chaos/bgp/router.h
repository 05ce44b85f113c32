// Router: a simulated router that all nodes peer with: one strict SimRouter for
// each of them behind one listener, and BFD with each.
//
// It knows a node by the address that it dials from. A connection from any
// other address is reset. When BFD says that a node is gone, its session ends
// with 6/10 and its routes go, also those that were kept for a restart.
#ifndef LB_TESTS_SIM_CHAOS_BGP_ROUTER_H_
#define LB_TESTS_SIM_CHAOS_BGP_ROUTER_H_

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "lb/bfd/bfd_node.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/stream_transport.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/bgp/objects.h"

namespace lb::chaos {

class Router {
 public:
  // Its intervals of BFD, and how many packets it may miss.
  static constexpr absl::Duration kBfdInterval = absl::Milliseconds(100);
  static constexpr int kBfdMultiplier = 3;

  // Nodes count from 1. Nullopt: the address is no node's.
  using NodeAt = std::function<std::optional<int>(const net::IpAddress&)>;

  // `host` outlives it.
  Router(io::SimHost* host, const RouterTerms& terms, int nodes,
         NodeAt node_at);
  ~Router();

  void Start();
  void Kill();
  void Crash();
  void PowerOn();
  // Runs BFD with the nodes at these addresses, in place of those before.
  void SetBfdWith(const std::vector<net::IpAddress>& addresses);

  bool running() const { return !sessions_.empty(); }
  bool acts() const { return running() && !host_->process().paused(); }
  io::SimHost& host() { return *host_; }
  const io::SimHost& host() const { return *host_; }
  const RouterTerms& terms() const { return terms_; }
  // REQUIRES: running().
  bgp::SimRouter& session(int node) { return *sessions_[node - 1].router; }
  const bgp::SimRouter& session(int node) const {
    return *sessions_[node - 1].router;
  }

  // As the node has it with it.
  net::IpAddress address() const;

 private:
  class Port;
  struct Session {
    std::unique_ptr<Port> port;
    std::unique_ptr<bgp::SimRouter> router;
  };

  void Stop();
  void OnBfd(const bfd::SessionEvent& event);
  void FollowBfd();

  io::SimHost* const host_;
  const RouterTerms terms_;
  const int nodes_;
  const NodeAt node_at_;
  std::vector<Session> sessions_;  // By node.
  std::unique_ptr<io::StreamTransport> listener_;
  std::unique_ptr<bfd::BfdNode> bfd_;
  std::vector<net::IpAddress> bfd_with_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_ROUTER_H_
