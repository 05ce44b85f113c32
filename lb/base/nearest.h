// Nearest: the known name that is nearest to a mistyped one.
//
// Pure, and bounded: a text of more than 64 bytes is near to nothing.
//
//   Nearest("Loadbalancer", {"ClusterIP", "LoadBalancer"});  // "LoadBalancer"
//   DidYouMean("Loadbalancer", {"ClusterIP", "LoadBalancer"});
//   // ", did you mean LoadBalancer?"
#ifndef LB_BASE_NEAREST_H_
#define LB_BASE_NEAREST_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace lb {

// Edits of one letter, or exchanges of two neighbours, that turn `a` into `b`.
size_t EditDistance(std::string_view a, std::string_view b);

// Returns the candidate with the fewest edits, and the first of those with
// equally few. Upper and lower case count as equal. Empty if no candidate is
// within a third of its letters, or within two edits for a name of four to six
// letters.
std::string_view Nearest(std::string_view text,
                         absl::Span<const std::string_view> candidates);

// ", did you mean X?" with the nearest candidate; empty if there is none.
std::string DidYouMean(std::string_view text,
                       absl::Span<const std::string_view> candidates);

}  // namespace lb

#endif  // LB_BASE_NEAREST_H_
