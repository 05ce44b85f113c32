// Checks the address that `--server` gives for a node's status service.
//
// Pure. gRPC takes far more forms than lbctl offers, wraps a port that is too
// large, and reports late and in its own words what it cannot use.
#ifndef LB_DAEMON_LBCTL_SERVER_ADDRESS_H_
#define LB_DAEMON_LBCTL_SERVER_ADDRESS_H_

#include <string_view>

#include "absl/status/status.h"

namespace lb::lbctl {

// InvalidArgument: `server` is neither "unix:PATH" nor "HOST:PORT"; names the
// value, what is wrong with it and what was wanted. HOST is a name, an IPv4
// address, or an IPv6 address in brackets.
absl::Status CheckServer(std::string_view server);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_SERVER_ADDRESS_H_
