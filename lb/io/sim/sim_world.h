// SimWorld: a simulated network of hosts in virtual time, from one seed.
//
// The same seed and the same calls give the same run, to the last event:
// trace_hash() tells. Everything belongs to the world and dies with it; nodes
// must be destroyed before it.
//
//   SimWorld world(/*seed=*/1);
//   SimHost* n1 = world.AddHost("n1", "172.18.8.11/24");
//   SimHost* n2 = world.AddHost("n2", "172.18.8.12/24");
//   world.network().paths().SetDefault({.loss_percent = 10});
//   world.loop().RunFor(absl::Seconds(3));
//   world.Partition({n1}, {n2});
#ifndef LB_IO_SIM_SIM_WORLD_H_
#define LB_IO_SIM_SIM_WORLD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/io/sim/sim_network.h"
#include "lb/io/sim/sim_segment.h"

namespace lb::io {

class SimWorld {
 public:
  explicit SimWorld(uint64_t seed);
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;
  ~SimWorld();

  // Adds a running host. `prefix` is its address with the network's length.
  // REQUIRES: it parses, and no other host has it.
  SimHost* AddHost(std::string name, std::string_view prefix);
  SimHost* AddHost(SimHostOptions options);

  // In the order they were added.
  const std::vector<std::unique_ptr<SimHost>>& hosts() const { return hosts_; }

  SimLoop& loop() { return loop_; }
  SimNetwork& network() { return network_; }  // UDP and TCP.
  SimSegment& segment() { return segment_; }  // Ethernet.

  // Cuts the hosts into two groups, for IP and Ethernet alike. To cut one of
  // the two only, or one way only, use network().paths(), segment().paths().
  void Partition(const std::vector<SimHost*>& group,
                 const std::vector<SimHost*>& other_group);
  // Takes all cuts off.
  void Heal();

  // For what the simulation itself draws (which host to crash next, ...).
  Prng Fork(std::string_view part) const { return prng_.Fork(part); }

  // The hash of all events so far: when each ran, and what was delivered where.
  uint64_t trace_hash() { return loop_.trace().value(); }

 private:
  const Prng prng_;
  SimLoop loop_;
  SimNetwork network_;
  SimSegment segment_;
  std::vector<std::unique_ptr<SimHost>> hosts_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_WORLD_H_
