// Access: the rights of the callers of a listener.
//
// Values and a pure function. A caller has only the right that a rule gives.
#ifndef LB_DAEMON_FRONT_ACCESS_H_
#define LB_DAEMON_FRONT_ACCESS_H_

#include <string>
#include <vector>

#include "absl/types/span.h"

namespace lb::front {

enum class Right {
  kNone,
  kStatus,          // Reads.
  kStatusAndAdmin,  // Reads, and changes the node.
};

struct Access {
  // The right of callers whose names do not matter.
  Right right = Right::kStatus;
  // Names as NamesOf() gives them. If `readers` has names, other callers have
  // no right, unless they are admins. If `admins` has names, only these have
  // kStatusAndAdmin.
  std::vector<std::string> readers;
  std::vector<std::string> admins;
};

// The right of a caller whose certificate has these names.
Right RightOf(absl::Span<const std::string> names, const Access& access);

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_ACCESS_H_
