// KubernetesOptions(): the options of KubernetesSettings, for AllOptions().
#ifndef LB_DAEMON_OPTIONS_KUBERNETES_OPTIONS_H_
#define LB_DAEMON_OPTIONS_KUBERNETES_OPTIONS_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "daemon/options/options.h"

namespace lb {

// In the order of --help.
absl::Span<const OptionSpec> KubernetesOptions();

// InvalidArgument: they do not go together, with each other or with other
// options, by name.
absl::Status ValidateKubernetes(const Options& options);

}  // namespace lb

#endif  // LB_DAEMON_OPTIONS_KUBERNETES_OPTIONS_H_
