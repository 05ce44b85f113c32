// The daemon's two jobs: to run a node, and to check its input.
#ifndef LB_DAEMON_DAEMON_H_
#define LB_DAEMON_DAEMON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "daemon/options/options.h"

namespace lb {

// Runs a node until SIGINT or SIGTERM; SIGHUP reads the manifests again. A
// second signal ends it at once. The node logs `unfenced`, the fences that
// EnterSandbox() could not raise. An error says why the node could not start.
absl::Status RunDaemon(const Options& options,
                       absl::Span<const std::string> unfenced);

// Prints each fault of the manifests, and of what lbd needs to start, as a line
// on standard output, then a summary. True: there is no fault. Without an
// options file a cluster's secret is asked for only if the flags speak of one.
bool CheckManifests(const Options& options, bool has_file);

}  // namespace lb

#endif  // LB_DAEMON_DAEMON_H_
