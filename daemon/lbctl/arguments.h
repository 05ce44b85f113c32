// Checks arguments of lbctl's commands before a node is asked. A fault here is
// wrong usage. Faults that only a node can see are not judged here.
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

// Reads "10m" and "2h30m" as that long before `now`, and "2024-05-01T10:00:00Z"
// as that time. InvalidArgument: `text` is neither.
absl::StatusOr<absl::Time> ParseSince(const std::string& text, absl::Time now);

// Reads "object-refused" as its enumerator. InvalidArgument: there is none; the
// message lists all.
absl::StatusOr<status::v1::Problem::Kind> ParseKind(const std::string& name);

// InvalidArgument: the value of --address is not an IP address. An empty value
// means that the option was not given.
absl::Status CheckAddress(const std::string& address);

// InvalidArgument: `value` is empty. `argument` is the name of it, and `want`
// says what it should be.
absl::Status CheckNotEmpty(std::string_view argument, std::string_view value,
                           std::string_view want);

// InvalidArgument: lbd has no such log level.
absl::Status CheckLogLevel(const std::string& level);

// InvalidArgument: `what` looks like an address but is none, as "10.0.0.300"
// and "10.0.0.1/32" do. Every other text may name a service.
absl::Status CheckAddressOrService(const std::string& what);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_ARGUMENTS_H_
