// The words and the exit status for a call that failed.
//
// Pure functions of a status and of the server that gave it.
#ifndef LB_DAEMON_LBCTL_REFUSAL_H_
#define LB_DAEMON_LBCTL_REFUSAL_H_

#include <string>

#include "daemon/lbctl/client.h"
#include "grpcpp/grpcpp.h"

namespace lb::lbctl {

enum ExitStatus {
  kAnswered = 0,
  kNoAnswer = 1,    // Unreachable or timed out, or the node failed.
  kWrongUsage = 2,  // lbctl itself cannot use an argument or a file.
  kRefused = 3,     // Not found, not allowed, or meaningless.
  // `check`, `doctor`, `migrate check`: faults were found; `status --ready`:
  // the node is not.
  kFaults = 4,
};

// REQUIRES: the code is not OK.
ExitStatus ExitStatusOf(grpc::StatusCode code);

// Says what is wrong, in one line: gRPC's words, or better ones.
std::string Cause(const grpc::Status& status, const ClientOptions& server);

// Says what to do next; empty: there is no advice.
std::string Advice(const grpc::Status& status, const ClientOptions& server);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_REFUSAL_H_
