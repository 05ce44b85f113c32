// PodFacts: what a lbd in a pod is told by its environment; and the API server
// that it speaks to.
//
// The names are MetalLB's, so that its manifests and charts fit. Pure but for
// the readers, any thread.
#ifndef LB_DAEMON_KUBERNETES_POD_FACTS_H_
#define LB_DAEMON_KUBERNETES_POD_FACTS_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/options/kubernetes_settings.h"
#include "lb/http/tls_context.h"
#include "lb/kubernetes/access.h"

namespace lb {

// A variable of the environment; empty: it is not set.
using EnvironmentReader = std::function<std::string(const char* name)>;

inline constexpr const char* kNodeNameVariable = "METALLB_NODE_NAME";
inline constexpr const char* kNamespaceVariable = "METALLB_NAMESPACE";
inline constexpr const char* kPodNameVariable = "METALLB_POD_NAME";

// Without an option and outside of pods.
inline constexpr const char* kDefaultNamespace = "metallb-system";

struct PodFacts {
  std::string node;  // Empty: not told.
  std::string pod;   // Empty: not told.
  std::string own_namespace;
};

// `access` is that of the pod, if lbd runs in one. Of a kubeconfig the
// namespace of its context does not count: it is a person's.
PodFacts ReadPodFacts(const KubernetesSettings& settings,
                      const EnvironmentReader& environment,
                      const kubernetes::Access& access);

// The kubeconfig's, or that of the pod, with the server of --kube-api-server.
// Errors as of ReadKubeconfig() and ReadInClusterAccess(), and of the option.
absl::StatusOr<kubernetes::Access> FindAccess(
    const KubernetesSettings& settings, const EnvironmentReader& environment,
    kubernetes::FileReader reader);

// The part of it that is TLS's.
http::TlsCredentials CredentialsOf(const kubernetes::Access& access);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_POD_FACTS_H_
