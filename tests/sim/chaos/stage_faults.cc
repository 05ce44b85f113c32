// Stage: how each kind of fault begins and ends.
#include <algorithm>
#include <utility>
#include <vector>

#include "lb/base/check.h"
#include "tests/sim/chaos/path_faults.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {
namespace {

// Somewhat more than stall_max of the profile that the nodes run with.
constexpr absl::Duration kNoticed = absl::Milliseconds(375);

// Returns the address of this number among those that pools give out first.
net::IpAddress ServiceAddress(int number) {
  return net::IpAddress::Ipv4(0xac144000U + static_cast<uint32_t>(number));
}

}  // namespace

void Stage::Begin(const Fault& fault) {
  touched_ = world_.loop().Now();
  active_.push_back(fault);
  ApplyToNode(fault, +1);
  if (IsOfPaths(fault.kind)) ApplyPaths();
  ApplyClock(fault, /*begins=*/true);
  ApplyManifests(fault, /*begins=*/true);
  if (fault.kind == FaultKind::kNameTwin) ApplyTwin(fault, /*begins=*/true);
  if (fault.kind == FaultKind::kHostAddress) ApplyHostAddress(fault, +1);
  if (fault.kind == FaultKind::kLoseIpv6) ApplyIpv6(NodeOf(fault), +1);
  if (fault.kind == FaultKind::kOtherKey) ApplyKey(NodeOf(fault), +1);
  if (fault.kind == FaultKind::kOutsider) ApplyOutsider(/*begins=*/true);
  if (fault.kind == FaultKind::kThief) {
    attacker_->Steal(ServiceAddress(fault.amount), fault.length);
  }
  if (fault.kind == FaultKind::kMalformed) {
    attacker_->SendGarbage(NodeOf(fault).host, fault.amount);
  }
  if (fault.kind == FaultKind::kReplay) {
    attacker_->Replay({.recorded = nodes_[fault.other - 1]->host,
                       .host = NodeOf(fault).host,
                       .as_sender = fault.amount != 0},
                      fault.length);
  }
}

void Stage::End(const Fault& fault) {
  touched_ = world_.loop().Now();
  const auto it = std::find(active_.begin(), active_.end(), fault);
  LB_CHECK(it != active_.end());
  active_.erase(it);
  ApplyToNode(fault, -1);
  if (IsOfPaths(fault.kind)) ApplyPaths();
  ApplyClock(fault, /*begins=*/false);
  ApplyManifests(fault, /*begins=*/false);
  if (fault.kind == FaultKind::kHostAddress) ApplyHostAddress(fault, -1);
  if (fault.kind == FaultKind::kNameTwin) ApplyTwin(fault, /*begins=*/false);
  if (fault.kind == FaultKind::kLoseIpv6) ApplyIpv6(NodeOf(fault), -1);
  if (fault.kind == FaultKind::kOtherKey) ApplyKey(NodeOf(fault), -1);
  if (fault.kind == FaultKind::kOutsider) ApplyOutsider(/*begins=*/false);
}

// Each fault counts up and down what it holds; the node follows the counts.
void Stage::ApplyToNode(const Fault& fault, int step) {
  Node& node = NodeOf(fault);
  const auto bring_down = [&](Node& at, bool power_lost) {
    at.down += step;
    if (at.down > 0 && at.running()) {
      Stop(at, power_lost);
      at.paused = 0;
    } else if (at.down > 0 && power_lost && at.host->powered()) {
      at.host->Crash();
    } else if (at.down == 0) {
      Start(at);
    }
  };
  switch (fault.kind) {
    case FaultKind::kWipe:
      bring_down(node, true);
      node.host->state().values().clear();
      node.forgetful = true;
      node.cut_off = false;
      break;
    case FaultKind::kCrash:
      bring_down(node, true);
      break;
    case FaultKind::kKill:
      bring_down(node, false);
      break;
    case FaultKind::kPowerCut:
      for (auto& each : nodes_) bring_down(*each, true);
      break;
    case FaultKind::kPause:
      ApplyPause(node, step);
      break;
    case FaultKind::kUnplug:
      node.unplugged += step;
      node.host->SetCarrier(node.unplugged == 0);
      break;
    case FaultKind::kDiskFull:
      node.disk_full += step;
      node.host->state().SetWriteError(
          node.disk_full > 0 ? absl::ResourceExhaustedError("disk full")
                             : absl::OkStatus());
      break;
    case FaultKind::kDiskSlow:
      node.host->state().SetWriteTime(
          absl::Milliseconds(step > 0 ? fault.amount : 1));
      break;
    case FaultKind::kDrain:
      node.drained += step;
      if (!node.running()) break;
      (node.drained > 0 ? node.agent->Drain() : node.agent->Undrain())
          .IgnoreError();
      break;
    case FaultKind::kNewAddress:
      if (step > 0 && node.running()) node.host->Renumber(NextAddress());
      break;
    default:
      break;
  }
}

void Stage::ApplyPause(Node& node, int step) {
  if (step > 0 && node.running()) {
    if (node.paused++ > 0) return;
    node.paused_at = world_.loop().Now();
    node.host->Pause();
  } else if (step < 0 && node.paused > 0 && --node.paused == 0) {
    if (scenario_.defect == Defect::kStoppedClock) {
      node.world->loop().StandStill(world_.loop().Now() - node.paused_at);
    }
    const absl::Duration slept = world_.loop().Now() - node.paused_at;
    if (slept > kNoticed) NoteAwake(node);
    node.told_more = false;
    node.host->Resume();
  }
}

void Stage::ApplyIpv6(Node& node, int step) {
  node.without_ipv6 += step;
  io::SimLinkMonitor& links = node.host->links();
  if (node.without_ipv6 == 0) {
    for (const net::IpPrefix& prefix : std::exchange(node.lost_ipv6, {})) {
      links.AddAddress("eth0", prefix);
    }
  } else if (node.lost_ipv6.empty()) {
    for (const net::IpPrefix& prefix : links.Find("eth0")->addresses) {
      if (prefix.address.is_ipv6()) node.lost_ipv6.push_back(prefix);
    }
    for (const net::IpPrefix& prefix : node.lost_ipv6) {
      links.RemoveAddress("eth0", prefix);
    }
  }
}

// A key is read when a node starts.
void Stage::ApplyKey(Node& node, int step) {
  const bool had_other = node.other_key > 0;
  node.other_key += step;
  if (!node.running() || had_other == (node.other_key > 0)) return;
  Stop(node, /*power_lost=*/false);
  node.paused = 0;
  Start(node);
}

void Stage::ApplyOutsider(bool begins) {
  if (begins && !outsider_.running()) {
    outsider_.host->state().values().clear();
    Start(outsider_);
  } else if (!begins && outsider_.running()) {
    Stop(outsider_, /*power_lost=*/true);
  }
}

void Stage::NoteAwake(Node& node) {
  node.awake_at = world_.loop().Now();
  node.events_then = node.host->log().last_sequence();
  node.exchanges_then =
      node.running()
          ? node.agent->View().gossip().counters().exchanges.completed
          : 0;
}

void Stage::ApplyPaths() {
  std::vector<io::SimHost*> hosts;
  for (const auto& node : nodes_) hosts.push_back(node->host);
  ApplyPathFaults(active_, hosts, &world_);
}

void Stage::ApplyClock(const Fault& fault, bool begins) {
  Node& node = NodeOf(fault);
  if (fault.kind == FaultKind::kClockJump && begins) {
    node.host->process().SetCivilError(absl::Seconds(fault.amount));
  } else if (fault.kind == FaultKind::kClockDrift && node.running()) {
    node.world->loop().SetDrift(begins ? fault.amount : 0);
  }
}

void Stage::ApplyManifests(const Fault& fault, bool begins) {
  Node& node = NodeOf(fault);
  const int step = begins ? 1 : -1;
  if (fault.kind == FaultKind::kBrokenManifest) {
    node.broken += step;
    if (node.running()) ReadManifests(node);
  } else if (fault.kind == FaultKind::kStaleManifest) {
    node.stale += step;
    if (node.stale == 0 && node.running()) ReadManifests(node);
  } else if (fault.kind == FaultKind::kAddService && begins) {
    services_.AddService();
    SpreadManifests();
  } else if (fault.kind == FaultKind::kAddPool && begins) {
    services_.AddPool();
    SpreadManifests();
  } else if (fault.kind == FaultKind::kRemoveService) {
    begins ? services_.Remove(fault.amount) : services_.Restore(fault.amount);
    SpreadManifests();
  }
}

void Stage::ApplyTwin(const Fault& fault, bool begins) {
  if (begins && !twin_.running()) {
    twin_.name = NodeOf(fault).name;
    twin_.host->state().values().clear();
    Start(twin_);
  } else if (!begins && twin_.running()) {
    Stop(twin_, /*power_lost=*/true);
  }
}

void Stage::ApplyHostAddress(const Fault& fault, int step) {
  Node& node = NodeOf(fault);
  io::SimHost* const host = node.host;
  if (step < 0 && !node.acts()) node.told_more = true;
  const net::IpAddress address = ServiceAddress(fault.amount);
  int& faults = host_addresses_[{host, address}];
  faults += step;
  const net::IpPrefix prefix = {address, 16};
  faults > 0 ? host->links().AddAddress("eth0", prefix)
             : host->links().RemoveAddress("eth0", prefix);
}

}  // namespace lb::chaos
