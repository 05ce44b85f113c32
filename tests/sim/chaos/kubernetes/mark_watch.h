// MarkWatch: what may become of pods by the option fast-node-failure.
//
//   marks-the-dead     no pod of a machine is marked that was well for kWell:
//   it
//                      has power and a cable, and reaches most others
//   keeps-an-endpoint  no mark takes the last ready endpoint of a service away
//   few-are-out        the machines whose pod is not ready are at most one in
//                      three
//   repaired-soon      a pod of a machine that is well, and reaches the server,
//                      is ready again after one sync of its kubelet
//
// One thread. The stage outlives it.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_MARK_WATCH_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_MARK_WATCH_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/kubernetes/resource.h"
#include "tests/sim/chaos/kubernetes/stage.h"

namespace lb::chaos {

class MarkWatch {
 public:
  // A mark may be on its way when a machine comes back: probes that had no
  // answer, lists and patches that are tried again.
  static constexpr absl::Duration kWell = absl::Seconds(3);
  using Fail = std::function<void(std::string invariant, std::string what)>;

  MarkWatch(KubernetesStage* stage, Fail fail);

  // Call it every 100 ms or so, and after each fault.
  void Follow();
  // `host` has written the status of this pod.
  void OnWrite(const std::string& host, const kubernetes::ObjectKey& pod);

 private:
  struct Machine {
    absl::Time well_since;
    absl::Time kubelet_since;
    absl::Time ready_at;  // When its pod was ready last.
  };

  bool IsWell(int number) const;

  KubernetesStage* const stage_;
  const Fail fail_;
  std::vector<Machine> machines_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_MARK_WATCH_H_
