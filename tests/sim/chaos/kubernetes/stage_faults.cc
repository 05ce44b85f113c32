// KubernetesStage: how each kind of fault begins and ends.
#include <algorithm>

#include "lb/base/check.h"
#include "tests/sim/chaos/kubernetes/stage.h"

namespace lb::chaos {

void KubernetesStage::Begin(const Fault& fault) {
  active_.push_back(fault);
  ApplyToLbd(fault, +1);
  if (IsOfPaths(fault.kind)) ApplyPaths();
  switch (fault.kind) {
    case FaultKind::kApiRestart:
      return server().Restart(fault.length, absl::Milliseconds(fault.amount));
    case FaultKind::kApiErrors:
    case FaultKind::kApiLag:
      return ApplyToServer();
    case FaultKind::kApiCompact:
      return server().Compact();
    case FaultKind::kApiRestore:
      backups_.emplace_back(fault, server().MakeBackup());
      return;
    case FaultKind::kApiChange:
      return user_.Change(static_cast<uint64_t>(fault.amount));
    default:
      return;
  }
}

void KubernetesStage::End(const Fault& fault) {
  const auto it = std::find(active_.begin(), active_.end(), fault);
  LB_CHECK(it != active_.end());
  active_.erase(it);
  ApplyToLbd(fault, -1);
  if (IsOfPaths(fault.kind)) ApplyPaths();
  if (fault.kind == FaultKind::kApiRestore) Restore(fault);
  const bool is_of_server =
      fault.kind == FaultKind::kApiErrors || fault.kind == FaultKind::kApiLag;
  if (is_of_server) ApplyToServer();
}

// Each fault counts up and down what it holds; the lbd follows the counts.
void KubernetesStage::ApplyToLbd(const Fault& fault, int step) {
  const auto each = [&](const auto& act) {
    for (auto& lbd : lbds_) act(*lbd);
  };
  switch (fault.kind) {
    case FaultKind::kKill:
      return BringDown(LbdOf(fault), step, Ending::kKill);
    case FaultKind::kCrash:
      return BringDown(LbdOf(fault), step, Ending::kPowerLoss);
    case FaultKind::kPowerCut:
      return each([&](Lbd& lbd) { BringDown(lbd, step, Ending::kPowerLoss); });
    case FaultKind::kStop:
      return ApplyStop(LbdOf(fault), step);
    case FaultKind::kPause:
      return ApplyPause(LbdOf(fault), step);
    case FaultKind::kUnplug:
      LbdOf(fault).unplugged += step;
      LbdOf(fault).host->SetCarrier(LbdOf(fault).unplugged == 0);
      return ApplyApiCut(LbdOf(fault), step);
    case FaultKind::kApiCut:
      return ApplyApiCut(LbdOf(fault), step);
    case FaultKind::kDrain:
      return ApplyDrain(LbdOf(fault), step);
    case FaultKind::kClockJump:
      if (step > 0) {
        LbdOf(fault).host->process().SetCivilError(absl::Seconds(fault.amount));
      }
      return;
    case FaultKind::kClockDrift:
      if (!LbdOf(fault).runs()) return;
      return LbdOf(fault).world->loop().SetDrift(step > 0 ? fault.amount : 0);
    default:
      return;
  }
}

void KubernetesStage::ApplyStop(Lbd& lbd, int step) {
  if (step > 0) {
    const bool is_first = lbd.down++ == 0;
    if (is_first && lbd.runs()) Stop(lbd);
    return;
  }
  if (--lbd.down > 0) return;
  if (lbd.runs()) Kill(lbd, Ending::kKill);  // It took too long.
  Start(lbd);
}

void KubernetesStage::ApplyPause(Lbd& lbd, int step) {
  if (step > 0 && lbd.runs()) {
    if (lbd.paused++ == 0) lbd.host->Pause();
  } else if (step < 0 && lbd.paused > 0 && --lbd.paused == 0) {
    lbd.host->Resume();
  }
}

void KubernetesStage::ApplyApiCut(Lbd& lbd, int step) {
  lbd.api_cut += step;
  if (lbd.api_cut > 0) return server().Cut(lbd.name);
  server().Join(lbd.name);
  joined_at_ = world_.loop().Now();
}

void KubernetesStage::ApplyDrain(Lbd& lbd, int step) {
  lbd.drained += step;
  if (lbd.agent == nullptr) return;
  (lbd.drained > 0 ? lbd.agent->Drain() : lbd.agent->Undrain()).IgnoreError();
}

}  // namespace lb::chaos
