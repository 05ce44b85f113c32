// Label syntax: what Kubernetes allows as a key and as a value of a label.
//
// A key is a name of at most 63 characters, or such a name behind a DNS name
// and a slash. A value is such a name or empty. Pure functions.
//
//   CheckLabelKey("kubernetes.io/hostname");  // OK
//   CheckLabelValue("a b");                   // InvalidArgument
#ifndef LB_BASE_LABEL_SYNTAX_H_
#define LB_BASE_LABEL_SYNTAX_H_

#include <string_view>

#include "absl/status/status.h"

namespace lb {

// InvalidArgument names the text and what is wanted.
absl::Status CheckLabelKey(std::string_view key);
absl::Status CheckLabelValue(std::string_view value);

}  // namespace lb

#endif  // LB_BASE_LABEL_SYNTAX_H_
