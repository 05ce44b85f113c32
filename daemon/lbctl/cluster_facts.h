// ReadClusterFacts: reads from the API server what JudgeMove() (move_check.h)
// judges.
//
// Lists the objects that a speaker follows, the ServiceL2Statuses and the pods
// of speakers, once. Changes nothing. Blocks for as long as `patience`, on a
// loop of its own; any thread.
#ifndef LB_DAEMON_LBCTL_CLUSTER_FACTS_H_
#define LB_DAEMON_LBCTL_CLUSTER_FACTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/lbctl/move_check.h"
#include "daemon/options/kubernetes_settings.h"

namespace lb::lbctl {

struct ClusterSource {
  KubernetesSettings server;
  std::string load_balancer_class;  // Services of another one do not count.
  absl::Duration patience = absl::Seconds(5);
};

// The members are the nodes with a speaker's pod, of MetalLB or of lbd, that is
// Ready.
//
// DeadlineExceeded: not all was listed in time; names what, and why. Otherwise
// as FindAccess() has it: the kubeconfig cannot be used.
absl::StatusOr<ClusterFacts> ReadClusterFacts(const ClusterSource& source);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_CLUSTER_FACTS_H_
