#include "lb/io/sim/sim_world.h"

#include <utility>

#include "lb/base/check.h"

namespace lb::io {

SimWorld::SimWorld(uint64_t seed)
    : prng_(seed),
      network_(&loop_, prng_.Fork("network")),
      segment_(&loop_, prng_.Fork("segment")) {}

// What waits in the loop may own streams and ports: it goes first.
SimWorld::~SimWorld() { loop_.Stop(); }

SimHost* SimWorld::AddHost(std::string name, std::string_view prefix) {
  const absl::StatusOr<net::IpPrefix> parsed = net::ParseIpPrefix(prefix);
  LB_CHECK(parsed.ok());
  return AddHost({.name = std::move(name), .addresses = {*parsed}});
}

SimHost* SimWorld::AddHost(SimHostOptions options) {
  const int number = static_cast<int>(hosts_.size()) + 1;
  hosts_.push_back(std::make_unique<SimHost>(number, std::move(options), &loop_,
                                             &network_, &segment_));
  return hosts_.back().get();
}

void SimWorld::Partition(const std::vector<SimHost*>& group,
                         const std::vector<SimHost*>& other_group) {
  network_.paths().Partition(group, other_group);
  segment_.paths().Partition(group, other_group);
}

void SimWorld::Heal() {
  network_.paths().Heal();
  segment_.paths().Heal();
}

}  // namespace lb::io
