// Texts for arguments that lbctl does not know.
#ifndef LB_DAEMON_LBCTL_SUGGESTION_H_
#define LB_DAEMON_LBCTL_SUGGESTION_H_

#include <string>
#include <string_view>
#include <vector>

namespace lb::lbctl {

// Returns "memebrs: unknown command, did you mean members? (--help lists all)".
// An argument that begins with '-' is a flag; `flags` has the names of flags
// with their dashes. Without commands, a command was given already, and this is
// a surplus argument.
std::string DescribeUnknown(std::string_view argument,
                            const std::vector<std::string>& commands,
                            const std::vector<std::string>& flags);

// Returns ", did you mean n1?" with one of `names` that begins with the given
// text, or is near to it. Empty: none is, or the text is one of them.
std::string SuggestName(std::string_view given,
                        const std::vector<std::string>& names);

// Does the same. If no name is near and there are few, returns ", want one of
// n1, n2, n3".
std::string SuggestOneOf(std::string_view given,
                         const std::vector<std::string>& names);

// Returns "did you mean default/web?". A service of the given name in any
// namespace comes first, then one with a similar name, then the only one that
// begins with the given name, or that the given name begins with.
std::string NearestService(std::string_view given,
                           const std::vector<std::string>& services);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_SUGGESTION_H_
