// BgpStage: how each kind of fault begins and ends.
#include <algorithm>

#include "daemon/agent/life_stage.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "tests/sim/chaos/bgp/stage.h"

namespace lb::chaos {

void BgpStage::Begin(const Fault& fault) {
  active_.push_back(fault);
  ApplyToNode(fault, +1);
  ApplyToRouter(fault, +1);
  ApplyToPeering(fault, +1);
  switch (fault.kind) {
    case FaultKind::kNewAddress:
      NodeOf(fault).host->Renumber(*net::ParseIpPrefix(
          fmt::format("172.20.30.{}/16", 1 + leases_++ % 250)));
      for (int router = 0; router < kRouters; ++router) {
        Disturb(NodeOf(fault), router);
      }
      return FollowAddresses();
    case FaultKind::kObjects:
      objects_.Change(static_cast<uint64_t>(fault.amount));
      return Spread();
    case FaultKind::kRefresh:
      return Ask(fault);
    default:
      return;
  }
}

void BgpStage::End(const Fault& fault) {
  const auto it = std::find(active_.begin(), active_.end(), fault);
  LB_CHECK(it != active_.end());
  active_.erase(it);
  ApplyToNode(fault, -1);
  ApplyToRouter(fault, -1);
  ApplyToPeering(fault, -1);
}

// Each fault counts up and down what it holds; the node follows the counts.
void BgpStage::ApplyToNode(const Fault& fault, int step) {
  BgpNode& node = NodeOf(fault);
  switch (fault.kind) {
    case FaultKind::kKill:
      return BringDown(node, step, /*power_lost=*/false);
    case FaultKind::kWipe:
      node.host->state().values().clear();
      node.promised_in = node.surely_promised_in = 0;
      return BringDown(node, step, /*power_lost=*/true);
    case FaultKind::kCrash:
      return BringDown(node, step, /*power_lost=*/true);
    case FaultKind::kPowerCut:
      for (auto& each : nodes_) BringDown(*each, step, /*power_lost=*/true);
      return;
    case FaultKind::kStop:
      return ApplyStop(node, step);
    case FaultKind::kPause:
      return ApplyPause(node, step);
    case FaultKind::kUnplug:
      node.unplugged += step;
      node.host->SetCarrier(node.unplugged == 0);
      return;
    case FaultKind::kDrain:
      return ApplyDrain(node, step);
    case FaultKind::kClockJump:
      if (step < 0) return;
      node.host->process().SetCivilError(absl::Seconds(fault.amount));
      return;
    case FaultKind::kClockDrift:
      node.host->process().SetClockDrift(step > 0 ? fault.amount : 0);
      return;
    default:
      if (IsOfPaths(fault.kind)) ApplyPaths();
      return;
  }
}

void BgpStage::BringDown(BgpNode& node, int step, bool power_lost) {
  node.down += step;
  if (node.down > 0 && node.running()) return Kill(node, power_lost);
  if (node.down > 0 && power_lost && node.host->powered()) node.host->Crash();
  if (node.down == 0) Start(node);
}

void BgpStage::ApplyStop(BgpNode& node, int step) {
  node.down += step;
  if (step > 0) {
    if (node.running() && !node.leaves && node.paused == 0) Stop(node);
    return;
  }
  if (node.down > 0) return;
  if (node.running()) Kill(node, /*power_lost=*/false);  // It took too long.
  Start(node);
}

void BgpStage::ApplyPause(BgpNode& node, int step) {
  if (step > 0 && node.running()) {
    if (node.paused++ > 0) return;
    node.paused_at = Now();
    node.host->Pause();
  } else if (step < 0 && node.paused > 0 && --node.paused == 0) {
    node.awake_at = Now();
    node.host->Resume();
  }
}

void BgpStage::ApplyDrain(BgpNode& node, int step) {
  node.drained += step;
  if (!node.running()) return;
  (node.drained > 0 ? node.agent->Drain() : node.agent->Undrain())
      .IgnoreError();
}

void BgpStage::DisturbAll(int router) {
  for (auto& node : nodes_) Disturb(*node, router);
}

void BgpStage::ApplyToRouter(const Fault& fault, int step) {
  const int number = fault.other - 1;
  const bool brings_down = fault.kind == FaultKind::kRouterKill ||
                           fault.kind == FaultKind::kRouterCrash;
  if (brings_down) {
    Router& router = *routers_[number];
    int& down = routers_down_[number];
    down += step;
    DisturbAll(number);
    if (down > 0 && router.running()) {
      routers_paused_[number] = 0;
      fault.kind == FaultKind::kRouterCrash ? router.Crash() : router.Kill();
    } else if (down == 0) {
      router.PowerOn();
      router.Start();
    }
  } else if (fault.kind == FaultKind::kRouterPause) {
    Router& router = *routers_[number];
    int& paused = routers_paused_[number];
    if (step > 0 && router.running()) {
      if (paused++ == 0) paused_at_[number] = Now();
      router.host().Pause();
    } else if (step < 0 && paused > 0 && --paused == 0) {
      router.host().Resume();
      DisturbAll(number);
    }
  }
}

void BgpStage::ApplyToPeering(const Fault& fault, int step) {
  if (fault.kind < FaultKind::kRouterCut || fault.kind > FaultKind::kRouterSlow)
    return;
  BgpNode& node = NodeOf(fault);
  const int number = fault.other - 1;
  Peering& way = node.to[number];
  Router& router = *routers_[number];
  switch (fault.kind) {
    case FaultKind::kRouterCut:
      way.cut += step;
      return ApplyPaths();
    case FaultKind::kRouterDeaf:
      way.deaf += step;
      return ApplyPaths();
    case FaultKind::kRouterSlow:
      way.slow += step;
      Disturb(node, number);
      if (!node.running()) return;
      if (way.slow == 0) return node.peering->SetFast(router.address());
      if (step > 0) node.peering->SetSlow(router.address(), fault.amount);
      return;
    default:
      if (step < 0 || !router.acts()) return;
      Disturb(node, number);
      if (fault.kind == FaultKind::kRouterReset) {
        return router.session(fault.node).Reset();
      }
      return router.session(fault.node)
          .Notify(fault.amount / 256, fault.amount % 256);
  }
}

void BgpStage::Ask(const Fault& fault) {
  const int number = fault.other - 1;
  Router& router = *routers_[number];
  if (!router.acts() || !IsOpen(NodeOf(fault), number)) return;
  bgp::SimRouter& session = router.session(fault.node);
  const auto family =
      fault.amount == 0 ? net::IpFamily::kIpv4 : net::IpFamily::kIpv6;
  if (session.established() != 1 || !session.complete().contains(family)) {
    return;
  }
  asked_.push_back({.node = fault.node,
                    .router = number,
                    .family = family,
                    .answered = session.refreshes(family),
                    .at = Now()});
  session.AskRefresh(family);
}

}  // namespace lb::chaos
