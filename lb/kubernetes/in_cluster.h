// ReadInClusterAccess: the access that Kubernetes gives to each pod.
//
// Pure but for the reader, any thread.
#ifndef LB_KUBERNETES_IN_CLUSTER_H_
#define LB_KUBERNETES_IN_CLUSTER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lb/kubernetes/access.h"

namespace lb::kubernetes {

// The folder that kubelet mounts, with the files token, ca.crt and namespace.
inline constexpr std::string_view kServiceAccountFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

// What a process finds in its environment.
struct InClusterEnvironment {
  std::string host;  // KUBERNETES_SERVICE_HOST
  std::string port;  // KUBERNETES_SERVICE_PORT
  std::string folder = std::string(kServiceAccountFolder);
};

// NotFound: this is no pod, as one of the two variables is not set.
// InvalidArgument or the reader's error: names the variable or the file, and
// what was wanted. A file `namespace` that is missing is no error.
absl::StatusOr<Access> ReadInClusterAccess(
    const InClusterEnvironment& environment, FileReader reader);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_IN_CLUSTER_H_
