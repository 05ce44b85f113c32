// RunControllerDaemon: a lbd that only gives services addresses.
//
// It needs no capability, no gossip and no state folder: what it does is in the
// API server. It has metrics, if they are asked for, and no status service: its
// log says what it does.
#ifndef LB_DAEMON_CONTROLLER_DAEMON_H_
#define LB_DAEMON_CONTROLLER_DAEMON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "daemon/options/options.h"

namespace lb {

// Runs until SIGINT or SIGTERM, then gives the Lease up; a second signal ends
// it at once. `unfenced`: as of RunDaemon(). An error says why it could not
// start. REQUIRES: options.kubernetes is enabled.
absl::Status RunControllerDaemon(const Options& options,
                                 absl::Span<const std::string> unfenced);

}  // namespace lb

#endif  // LB_DAEMON_CONTROLLER_DAEMON_H_
