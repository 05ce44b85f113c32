// The alternative names of a network interface, which libnl does not read.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_NETLINK_ALT_NAMES_H_
#define LB_IO_POSIX_NETLINK_ALT_NAMES_H_

#include <string>
#include <vector>

struct nlmsghdr;

namespace lb::io {

// Returns the alternative names of the link in the message (RTM_NEWLINK),
// sorted. Empty where the kernel has none (before 5.5).
std::vector<std::string> ReadAltNames(nlmsghdr* message);

}  // namespace lb::io

#endif  // LB_IO_POSIX_NETLINK_ALT_NAMES_H_
