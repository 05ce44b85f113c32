#include "tests/sim/chaos/path_faults.h"

#include <algorithm>

#include "lb/io/sim/sim_paths.h"

namespace lb::chaos {
namespace {

void CutOneWay(const io::SimHost& from, const io::SimHost& to,
               io::SimWorld* world) {
  world->network().paths().Block(from, to);
  world->segment().paths().Block(from, to);
}

void Cut(const Fault& fault, const std::vector<io::SimHost*>& nodes,
         io::SimWorld* world) {
  std::vector<io::SimHost*> sides[2];
  for (size_t i = 0; i < nodes.size(); ++i) {
    sides[(fault.amount >> (i % 20)) & 1].push_back(nodes[i]);
  }
  if (fault.kind != FaultKind::kCutSegment) {
    world->network().paths().Partition(sides[0], sides[1]);
  }
  if (fault.kind == FaultKind::kCutGossip) return;
  for (size_t i = nodes.size(); i < world->hosts().size(); ++i) {
    sides[0].push_back(world->hosts()[i].get());
  }
  world->segment().paths().Partition(sides[0], sides[1]);
}

}  // namespace

void ApplyPathFaults(const Script& active,
                     const std::vector<io::SimHost*>& nodes,
                     io::SimWorld* world) {
  io::PathConditions conditions;
  world->Heal();
  for (const Fault& fault : active) {
    if (fault.kind == FaultKind::kLoss) {
      conditions.loss_percent =
          std::max<double>(conditions.loss_percent, fault.amount);
    } else if (fault.kind == FaultKind::kDuplicate) {
      conditions.duplication_percent =
          std::max<double>(conditions.duplication_percent, fault.amount);
    } else if (fault.kind == FaultKind::kDelay) {
      conditions.delay = conditions.jitter = absl::Milliseconds(fault.amount);
    } else if (fault.kind == FaultKind::kCutOneWay) {
      CutOneWay(*nodes[fault.node - 1], *nodes[fault.other - 1], world);
    } else if (IsOfPaths(fault.kind)) {
      Cut(fault, nodes, world);
    }
  }
  world->network().paths().SetDefault(conditions);
  world->segment().paths().SetDefault(conditions);
}

}  // namespace lb::chaos
