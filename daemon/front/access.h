// Access: what the callers of a listener may do.
//
// Values and a pure function. Deny by default: a caller has the right that a
// rule gives, and no more.
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
  // Names as NamesOf() gives them. Readers: if there are any, others have no
  // right, unless they are admins. Admins: if there are any, kStatusAndAdmin is
  // for them alone.
  std::vector<std::string> readers;
  std::vector<std::string> admins;
};

// The right of a caller whose certificate has these names.
Right RightOf(absl::Span<const std::string> names, const Access& access);

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_ACCESS_H_
