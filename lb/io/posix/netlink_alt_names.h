// The alternative names of network interfaces, which libnl does not read.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_NETLINK_ALT_NAMES_H_
#define LB_IO_POSIX_NETLINK_ALT_NAMES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lb/io/posix/netlink_socket.h"

namespace lb::io {

// By the interface's index; each list is sorted.
using AltNames = std::map<int, std::vector<std::string>>;

// Empty where the kernel has none (before 5.5).
absl::StatusOr<AltNames> ReadAltNames(nl_sock* socket);

}  // namespace lb::io

#endif  // LB_IO_POSIX_NETLINK_ALT_NAMES_H_
