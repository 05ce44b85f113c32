// LabelSelector: Kubernetes' metav1.LabelSelector over an object's labels.
//
// All of `match_labels` and all of `match_expressions` must hold; an empty
// selector matches everything. A key that an object lacks satisfies NotIn and
// DoesNotExist, as in Kubernetes. Values only: no thread rules.
#ifndef LB_BASE_LABEL_SELECTOR_H_
#define LB_BASE_LABEL_SELECTOR_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace lb {

using Labels = std::map<std::string, std::string>;

struct LabelRequirement {
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };

  std::string key;
  Operator op = Operator::kExists;
  std::vector<std::string> values;  // In and NotIn: at least one; else none.

  bool Matches(const Labels& labels) const;

  friend bool operator==(const LabelRequirement&,
                         const LabelRequirement&) = default;
};

struct LabelSelector {
  Labels match_labels;
  std::vector<LabelRequirement> match_expressions;

  bool Matches(const Labels& labels) const;

  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;
};

// True if any of `selectors` matches. An empty list matches nothing.
bool MatchesAny(const std::vector<LabelSelector>& selectors,
                const Labels& labels);

// InvalidArgument names the first requirement that has values where it may not,
// or lacks them.
absl::Status Validate(const LabelSelector& selector);

}  // namespace lb

#endif  // LB_BASE_LABEL_SELECTOR_H_
