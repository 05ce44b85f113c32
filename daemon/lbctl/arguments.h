// Arguments of lbctl's commands that it can judge itself, before it asks a
// node. Their faults are wrong usage; faults that only a node can see are not
// judged here.
//
// Pure. InvalidArgument names the argument, its value and the right form.
#ifndef LB_DAEMON_LBCTL_ARGUMENTS_H_
#define LB_DAEMON_LBCTL_ARGUMENTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/status/v1/status.pb.h"

namespace lb::lbctl {

// "10m" and "2h30m" are that long before `now`, "2024-05-01T10:00:00Z" is that
// time. InvalidArgument: neither.
absl::StatusOr<absl::Time> ParseSince(const std::string& text, absl::Time now);

// "object-refused" as its enumerator. InvalidArgument: there is none; lists
// all.
absl::StatusOr<status::v1::Problem::Kind> ParseKind(const std::string& name);

// InvalidArgument: the value of --address is no IP address. Empty: not given.
absl::Status CheckAddress(const std::string& address);

// InvalidArgument: `value` is empty. `argument` is the name of it, and `want`
// says what it should be.
absl::Status CheckNotEmpty(std::string_view argument, std::string_view value,
                           std::string_view want);

// InvalidArgument: no log level of lbd.
absl::Status CheckLogLevel(const std::string& level);

// InvalidArgument: `what` should be an address, or "namespace/name", and is
// meant as an address and none, as "10.0.0.300" or "10.0.0.1/32" is. All other
// texts may name a service.
absl::Status CheckAddressOrService(const std::string& what);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_ARGUMENTS_H_
