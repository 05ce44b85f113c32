#include "lb/election/cluster.h"

#include <algorithm>
#include <string>
#include <utility>

namespace lb::election {

std::optional<absl::Duration> MoreOften(std::optional<absl::Duration> a,
                                        std::optional<absl::Duration> b) {
  if (!a || !b) return a ? a : b;
  if (*a == absl::ZeroDuration()) return b;
  return *b == absl::ZeroDuration() ? a : std::min(*a, *b);
}

NodeAttributes NodeKnownByName(std::string name) {
  Labels labels = {{std::string(kHostnameLabel), name}};
  return {.name = std::move(name), .labels = std::move(labels)};
}

}  // namespace lb::election
