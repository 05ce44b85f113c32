// PlanMarks: which pods of a dead node are marked NotReady, and the patch that
// does it.
//
// Only pods behind a Service are: marking a pod has no other use than that its
// endpoints go. A pod that is the last ready one of some Service stays as it
// is: taking it out would help no client, and would end the Service if the node
// were alive after all. Endpoints on other nodes that are out count for none.
//
// The condition Ready becomes False, with a reason of our own. The kubelet of a
// node that is alive puts it back with its next sync.
//
// Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_PODS_TO_MARK_H_
#define LB_DAEMON_KUBERNETES_PODS_TO_MARK_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/reflector_options.h"
#include "lb/kubernetes/resource.h"

namespace lb {

// The reason in a pod's condition Ready.
inline constexpr std::string_view kNodeLostReason = "NodeLostToLbd";

struct PodFact {
  kubernetes::ObjectMeta meta;
  bool is_ready = false;
  config::YamlNode conditions;  // `status.conditions`.
};

struct SliceFact {
  struct Endpoint {
    std::string node;  // Empty: on none.
    std::string pod;   // Of the slice's namespace; empty: it is no pod.
    bool is_ready = false;
  };

  kubernetes::ObjectKey service;
  std::vector<Endpoint> endpoints;
};

PodFact ReadPodFact(const kubernetes::ObjectMeta& meta,
                    const config::YamlNode& object);
SliceFact ReadSliceFact(const kubernetes::ObjectMeta& meta,
                        const config::YamlNode& object);

// Lists the pods of a node, and all EndpointSlices.
kubernetes::ReflectorOptions PodsOf(const std::string& node);
kubernetes::ReflectorOptions AllEndpointSlices();

struct MarkPlan {
  std::vector<PodFact> pods;
  // Services whose last ready endpoint is on the node, "default/web".
  std::set<std::string> left;
};

// `pods`: those of the node. `out`: other nodes that serve nothing, by name.
MarkPlan PlanMarks(const std::string& node, const std::vector<PodFact>& pods,
                   const std::vector<SliceFact>& slices,
                   const std::set<std::string, std::less<>>& out);

// The patch of `pods/status`. It names the resourceVersion, so that it is
// refused if the kubelet was first.
std::string MarkPatch(const PodFact& pod, const std::string& message,
                      absl::Time now);
// After a conflict: nullopt if the pod is another one by now, or not ready.
std::optional<std::string> RebasedMark(const PodFact& pod,
                                       const config::YamlNode& fresh,
                                       const std::string& message,
                                       absl::Time now);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_PODS_TO_MARK_H_
