// Texts for arguments that lbctl does not know.
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

// ", did you mean n1?": one of `names` that begins with what was given, or is
// near to it. Empty: none is, or it is one of them.
std::string SuggestName(std::string_view given,
                        const std::vector<std::string>& names);

// As SuggestName(); or ", want one of n1, n2, n3", with all `names`, if none is
// near and they are few.
std::string SuggestOneOf(std::string_view given,
                         const std::vector<std::string>& names);

// "did you mean default/web?", of the names of services. One of that name in
// any namespace goes before one with a similar name, and that before the only
// one that begins with the given name, or with which the given name begins.
std::string NearestService(std::string_view given,
                           const std::vector<std::string>& services);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_SUGGESTION_H_
