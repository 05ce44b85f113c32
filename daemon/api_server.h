// How this process reaches the API server, by its options, its environment and
// its files.
#ifndef LB_DAEMON_API_SERVER_H_
#define LB_DAEMON_API_SERVER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/kubernetes/api_client.h"
#include "daemon/kubernetes/kubernetes_node.h"
#include "daemon/kubernetes/refusal_recorder.h"
#include "daemon/options/options.h"
#include "lb/http/ports.h"
#include "lb/kubernetes/access.h"

namespace lb {

// Errors as of FindAccess() and ApiClient::Make().
absl::StatusOr<std::unique_ptr<ApiClient>> MakeApiClient(
    const http::Ports& ports, const KubernetesSettings& settings,
    RefusalRecorder::Record on_refused);

// TakeVariables() of this process's environment.
absl::Status TakePodVariables(Options* options);

// Could the server be asked? Errors as of FindAccess(); nothing is sent.
absl::Status CheckApiAccess(const KubernetesSettings& settings);

// The node's name is that of the options, else the host's in lower case.
KubernetesNode::Options NodeOptionsOf(const Options& options,
                                      const kubernetes::Access& access);

}  // namespace lb

#endif  // LB_DAEMON_API_SERVER_H_
