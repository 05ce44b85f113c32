// ReadKubeconfig: the access that a kubeconfig file describes.
//
// The current context, or another by name, says which cluster and which user.
// Only these two are checked; other entries of the file may be anything. What
// this library does not do is refused by name: `exec` and `auth-provider` (no
// other program is started), `username` (the API has no basic authentication
// since 1.19), `insecure-skip-tls-verify`, `proxy-url` and `as`.
//
// Pure but for the reader, any thread.
//
//   const auto access = ReadKubeconfig(
//       {.text = text, .path = "/etc/lbd/kubeconfig"}, reader);
#ifndef LB_KUBERNETES_KUBECONFIG_H_
#define LB_KUBERNETES_KUBECONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "lb/kubernetes/access.h"

namespace lb::kubernetes {

struct KubeconfigSource {
  std::string text;
  // Names the file in errors; files in it are relative to its folder.
  std::string path;
  std::string context;  // Empty: the file's current-context.
};

// InvalidArgument: names the file, the line, the field and what was wanted.
// Other codes: those of the reader, with the field and the file that it could
// not read.
absl::StatusOr<Access> ReadKubeconfig(const KubeconfigSource& source,
                                      FileReader reader);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_KUBECONFIG_H_
