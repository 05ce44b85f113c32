#include "lb/base/label_selector.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lb/base/check.h"

namespace lb {

bool LabelRequirement::Matches(const Labels& labels) const {
  const auto label = labels.find(key);
  const bool exists = label != labels.end();
  const bool listed = exists && std::find(values.begin(), values.end(),
                                          label->second) != values.end();
  switch (op) {
    case Operator::kIn:
      return listed;
    case Operator::kNotIn:
      return !listed;
    case Operator::kExists:
      return exists;
    case Operator::kDoesNotExist:
      return !exists;
  }
  LB_UNREACHABLE();
}

bool LabelSelector::Matches(const Labels& labels) const {
  for (const auto& [key, value] : match_labels) {
    const auto label = labels.find(key);
    if (label == labels.end() || label->second != value) return false;
  }
  return std::all_of(
      match_expressions.begin(), match_expressions.end(),
      [&](const LabelRequirement& wanted) { return wanted.Matches(labels); });
}

bool MatchesAny(const std::vector<LabelSelector>& selectors,
                const Labels& labels) {
  return std::any_of(
      selectors.begin(), selectors.end(),
      [&](const LabelSelector& selector) { return selector.Matches(labels); });
}

absl::Status Validate(const LabelSelector& selector) {
  for (const LabelRequirement& wanted : selector.match_expressions) {
    const bool needs_values = wanted.op == LabelRequirement::Operator::kIn ||
                              wanted.op == LabelRequirement::Operator::kNotIn;
    if (wanted.key.empty()) {
      return absl::InvalidArgumentError("a requirement has no key, want one");
    }
    if (needs_values == wanted.values.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", wanted.key, "\": ", wanted.values.size(), " values, want ",
          needs_values ? "at least one with In and NotIn"
                       : "none with Exists and DoesNotExist"));
    }
  }
  return absl::OkStatus();
}

}  // namespace lb
