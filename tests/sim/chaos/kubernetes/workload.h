// Workload: pods on the machines of a simulated cluster, and what the rest of
// Kubernetes does about them.
//
// Each machine nI has the pods w/pI and w/qI, which are ready. The service
// w/web has all pI, and w/oneI the pod qI alone. Endpoints of w/web follow the
// pods' condition Ready a moment later, as by the endpointslice controller. A
// kubelet that runs says every kSync what is so: its pods are ready.
//
// One thread. The cluster outlives it; it must not outlive the loop's events.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_WORKLOAD_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_WORKLOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/resource.h"

namespace lb::chaos {

class Workload {
 public:
  // As kubelet's status manager has it.
  static constexpr absl::Duration kSync = absl::Seconds(10);

  // `runs`: does the kubelet of machine `number` run, and reach the server?
  Workload(SimKubernetes* cluster, int machines,
           std::function<bool(int number)> runs);

  void CreateAll();
  // Call it after each event.
  void Follow();

  static const kubernetes::Resource& Pods();
  static kubernetes::ObjectKey PodOf(int number);
  // The machine of one of the pods pI. 0: it is none of these.
  int MachineOf(const kubernetes::ObjectKey& pod) const;
  bool IsReady(int number) const;

 private:
  void CreatePod(const kubernetes::ObjectKey& pod, int number);
  void CreateSlice(const std::string& service, const std::string& endpoints);
  void Sync(int number);
  void SetReady(const kubernetes::ObjectKey& pod);
  void WriteEndpoints();

  SimKubernetes* const cluster_;
  const int machines_;
  const std::function<bool(int number)> runs_;
  std::vector<std::unique_ptr<io::Timer>> kubelets_;
  std::unique_ptr<io::Timer> endpoints_;  // Runs WriteEndpoints().
  uint64_t version_ = 0;                  // Of the pods, at the last Follow().
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_WORKLOAD_H_
