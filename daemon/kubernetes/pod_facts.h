// What a lbd in a pod is told by its environment, and the API server that it
// speaks to.
//
// The names are MetalLB's, so that its manifests and charts fit. Pure but for
// the readers, any thread.
#ifndef LB_DAEMON_KUBERNETES_POD_FACTS_H_
#define LB_DAEMON_KUBERNETES_POD_FACTS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/options/kubernetes_settings.h"
#include "daemon/options/options.h"
#include "lb/http/tls_context.h"
#include "lb/kubernetes/access.h"

namespace lb {

// A variable of the environment; empty: it is not set.
using EnvironmentReader = std::function<std::string(const char* name)>;

inline constexpr const char* kNodeNameVariable = "METALLB_NODE_NAME";
inline constexpr const char* kNamespaceVariable = "METALLB_NAMESPACE";

// Without an option and outside of pods.
inline constexpr const char* kDefaultNamespace = "metallb-system";

// Where metallb.io objects count. `access` is that of the pod, if lbd runs in
// one. The namespace of a kubeconfig's context does not count: it is a
// person's.
std::string OwnNamespace(const KubernetesSettings& settings,
                         const EnvironmentReader& environment,
                         const kubernetes::Access& access);

// Sets what no option says and MetalLB's variables do, with Kubernetes alone:
// METALLB_NODE_NAME the node's name, METALLB_ML_SECRET_KEY_PATH the folder of
// gossip's secret (its file is `secretkey`), METALLB_ML_BIND_ADDR and
// METALLB_ML_BIND_PORT where gossip listens, METALLB_ML_LABELS which pods take
// part in it.
// InvalidArgument: names the variable.
absl::Status TakeVariables(const EnvironmentReader& environment,
                           Options* options);

// The kubeconfig's, or that of the pod, with the server of --kube-api-server.
// Errors as of ReadKubeconfig() and ReadInClusterAccess(), and of the option.
absl::StatusOr<kubernetes::Access> FindAccess(
    const KubernetesSettings& settings, const EnvironmentReader& environment,
    kubernetes::FileReader reader);

// The part of it that is TLS's.
http::TlsCredentials CredentialsOf(const kubernetes::Access& access);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_POD_FACTS_H_
