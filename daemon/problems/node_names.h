// Finds names that are likely meant for the same node.
//
// One host may be "Worker-01" by its own name, "worker-01" in Kubernetes, which
// lowers the case, and "worker-01.example.org" in its domain. Pure functions.
#ifndef LB_DAEMON_PROBLEMS_NODE_NAMES_H_
#define LB_DAEMON_PROBLEMS_NODE_NAMES_H_

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace lb {

// True if the names differ only by case, or by a domain that one of them lacks.
bool IsNearName(std::string_view a, std::string_view b);

// Returns the first of `known` that is near `name`. Nullopt: none is, or `name`
// itself is known.
std::optional<std::string> NearNameOf(std::string_view name,
                                      const std::set<std::string>& known);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_NODE_NAMES_H_
