// AlteredPeering: what lies between a node and its routers: routers that read
// slowly, and seeded defects.
//
// It wraps the environment that it gets, which must outlive it; the node knows
// nothing of it. Bytes pass message by message. One thread.
#ifndef LB_TESTS_SIM_CHAOS_BGP_ALTERED_PEERING_H_
#define LB_TESTS_SIM_CHAOS_BGP_ALTERED_PEERING_H_

#include <cstddef>
#include <memory>

#include "lb/io/environment.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/defect.h"

namespace lb::chaos {

class AlteredPeering {
 public:
  // So many bytes of a slow router's connection may be on the way: some
  // messages; with a router that reads nothing, none.
  static constexpr size_t kSlowWindow = 8192;

  // `booted`: this is the first run since the host's power was on, and not the
  // first of all. `world`: it also runs while the node is stopped.
  AlteredPeering(const io::Environment& environment, io::SimLoop* world,
                 bool booted, Defect defect);
  ~AlteredPeering();
  AlteredPeering(const AlteredPeering&) = delete;
  AlteredPeering& operator=(const AlteredPeering&) = delete;

  const io::Environment& environment() const { return environment_; }

  // The router at that address reads so many bytes in a second.
  void SetSlow(const net::IpAddress& router, int bytes_per_second);
  void SetFast(const net::IpAddress& router);
  // The most bytes of one connection that waited for a router at any time.
  size_t most_waiting() const;

 private:
  struct Shared;
  class Factory;
  class Listeners;
  class FrozenMonitor;

  const std::shared_ptr<Shared> shared_;
  const std::unique_ptr<io::StreamFactory> streams_;
  std::unique_ptr<io::DatagramFactory> datagrams_;
  std::unique_ptr<io::LinkMonitor> links_;
  io::Environment environment_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_ALTERED_PEERING_H_
