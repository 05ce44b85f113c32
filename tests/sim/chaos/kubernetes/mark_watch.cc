#include "tests/sim/chaos/kubernetes/mark_watch.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace lb::chaos {
namespace {

constexpr int kOneIn = 3;
// This class looks each 100 ms.
constexpr absl::Duration kSlack = absl::Milliseconds(300);

}  // namespace

MarkWatch::MarkWatch(KubernetesStage* stage, Fail fail)
    : stage_(stage), fail_(std::move(fail)) {
  const absl::Time now = stage_->world().loop().Now();
  machines_.assign(stage_->machines(), {now, now, now});
}

bool MarkWatch::IsWell(int number) const {
  const io::SimHost& host = *stage_->lbds()[number - 1]->host;
  if (!host.powered() || stage_->lbds()[number - 1]->unplugged > 0) {
    return false;
  }
  const io::SimPaths& paths = stage_->world().network().paths();
  if (paths.Between(host.number(), host.number()).loss_percent > 0) {
    return false;
  }
  int others = 0;
  for (int i = 1; i <= stage_->machines(); ++i) {
    const io::SimHost& other = *stage_->lbds()[i - 1]->host;
    others += i != number && !paths.IsBlocked(host.number(), other.number()) &&
                      !paths.IsBlocked(other.number(), host.number())
                  ? 1
                  : 0;
  }
  return 2 * (others + 1) > stage_->machines();
}

void MarkWatch::Follow() {
  const absl::Time now = stage_->world().loop().Now();
  for (int i = 1; i <= stage_->machines(); ++i) {
    Machine& machine = machines_[i - 1];
    if (!IsWell(i)) machine.well_since = now;
    if (!stage_->KubeletRuns(i)) machine.kubelet_since = now;
    if (stage_->workload().IsReady(i)) machine.ready_at = now;
    const absl::Duration late =
        now - std::max(machine.ready_at, machine.kubelet_since);
    if (late <= Workload::kSync + kSlack) continue;
    fail_(
        "repaired-soon",
        fmt::format("the pod of n{} is not ready for {}, and its kubelet runs",
                    i, absl::FormatDuration(late)));
  }
}

void MarkWatch::OnWrite(const std::string& host,
                        const kubernetes::ObjectKey& pod) {
  Follow();
  const int number = stage_->workload().MachineOf(pod);
  if (number == 0) {
    return fail_("keeps-an-endpoint",
                 fmt::format("{} marks {}, the last endpoint of a service",
                             host, pod.ToString()));
  }
  const absl::Duration well =
      stage_->world().loop().Now() - machines_[number - 1].well_since;
  if (well > kWell) {
    fail_("marks-the-dead",
          fmt::format("{} marks the pod of n{}, which is well for {}", host,
                      number, absl::FormatDuration(well)));
  }
  int out = 0;
  for (int i = 1; i <= stage_->machines(); ++i) {
    out += stage_->workload().IsReady(i) ? 0 : 1;
  }
  if (out > stage_->machines() / kOneIn) {
    fail_("few-are-out",
          fmt::format("{} of {} pods are not ready", out, stage_->machines()));
  }
  if (out == stage_->machines()) {
    fail_("keeps-an-endpoint", host + " marks the last endpoint of w/web");
  }
}

}  // namespace lb::chaos
