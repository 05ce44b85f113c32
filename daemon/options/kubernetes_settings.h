// KubernetesSettings: the options of a lbd that takes its objects from the
// Kubernetes API.
//
// Values, any thread.
#ifndef LB_DAEMON_OPTIONS_KUBERNETES_SETTINGS_H_
#define LB_DAEMON_OPTIONS_KUBERNETES_SETTINGS_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace lb {

// Which part of the work this lbd does. MetalLB has a program for each.
enum class Role {
  kAll,         // Both.
  kController,  // Gives services addresses; takes no part in gossip.
  kSpeaker,     // Announces addresses.
};

std::string_view ToString(Role role);  // "all", ...

// Where IPAddressPools and L2Advertisements come from.
enum class PoolsFrom {
  kApi,        // The API server, as all else.
  kManifests,  // Files. No custom resource is needed at the API server.
};

std::string_view ToString(PoolsFrom from);  // "api", ...

// The pods of MetalLB's manifest and of lbd have it; those of MetalLB's chart
// have not.
inline constexpr std::string_view kSpeakerPods = "component=speaker";

struct KubernetesSettings {
  bool enabled = false;
  Role role = Role::kAll;
  std::string kubeconfig;  // A file; empty: the access that a pod has.
  // In place of the server that the kubeconfig or the pod names; empty: that
  // one. Its certificate is still that one's.
  std::string api_server;
  // Where metallb.io objects count; empty: the pod's own, else metallb-system.
  std::string name_space;
  PoolsFrom pools_from = PoolsFrom::kApi;
  // Label selector of the speakers' pods, which take part in one gossip.
  std::string speaker_pods = std::string(kSpeakerPods);
  absl::Duration lease_duration = absl::Seconds(5);
  absl::Duration lease_renew_deadline = absl::Seconds(3);
  absl::Duration lease_retry_period = absl::Seconds(1);
  // Controllers mark the pods of a dead node NotReady; speakers say which nodes
  // they have lost.
  bool fast_node_failure = false;
  absl::Duration fast_node_failure_grace = absl::Seconds(1);
  int fast_node_failure_limit = 3;  // At most one node in so many.

  bool controls() const { return enabled && role != Role::kSpeaker; }
  bool speaks() const { return !enabled || role != Role::kController; }

  friend bool operator==(const KubernetesSettings&,
                         const KubernetesSettings&) = default;
};

}  // namespace lb

#endif  // LB_DAEMON_OPTIONS_KUBERNETES_SETTINGS_H_
