// What lbctl says of an argument that it does not know.
#ifndef LB_DAEMON_LBCTL_SUGGESTION_H_
#define LB_DAEMON_LBCTL_SUGGESTION_H_

#include <string>
#include <string_view>
#include <vector>

namespace lb::lbctl {

// "memebrs: unknown command, did you mean members? (--help lists all)". One
// that begins with '-' is a flag, of which `flags` has the names with their
// dashes. No commands: there is one already, and this is a surplus argument.
std::string DescribeUnknown(std::string_view argument,
                            const std::vector<std::string>& commands,
                            const std::vector<std::string>& flags);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_SUGGESTION_H_
