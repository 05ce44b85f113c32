// Names of nodes that are likely meant for one another.
//
// A host is "Worker-01" to itself, "worker-01" to Kubernetes, which lowers the
// case, and "worker-01.example.org" to its domain. Pure functions.
#ifndef LB_DAEMON_PROBLEMS_NODE_NAMES_H_
#define LB_DAEMON_PROBLEMS_NODE_NAMES_H_

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace lb {

// Do the names differ, but only by case, or by a domain that one of them lacks?
bool IsNearName(std::string_view a, std::string_view b);

// The first of `known` that is near `name`. Nullopt: none is, or `name` itself
// is known.
std::optional<std::string> NearNameOf(std::string_view name,
                                      const std::set<std::string>& known);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_NODE_NAMES_H_
