#include "lb/ipam/decision.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::ipam {
namespace {

bool Has(const Assignment& assignment, const AssignedAddress& wanted) {
  return std::any_of(
      assignment.addresses.begin(), assignment.addresses.end(),
      [&](const auto& a) { return a.address == wanted.address; });
}

// The addresses of `assignment` that `other` has not: "10.0.0.1, ...".
std::string Without(const Assignment& assignment, const Assignment& other) {
  Assignment rest;
  for (const AssignedAddress& a : assignment.addresses) {
    if (!Has(other, a)) rest.addresses.push_back(a);
  }
  return rest.ToString();
}

}  // namespace

std::string_view ToString(ChoiceReason reason) {
  switch (reason) {
    case ChoiceReason::kHeld:
      return "held before";
    case ChoiceReason::kRequested:
      return "asked for";
    case ChoiceReason::kReserved:
      return "reserved for it";
    case ChoiceReason::kLowestFree:
      return "the lowest free address";
    case ChoiceReason::kLeastRecentlyUsed:
      return "the least recently used address";
    case ChoiceReason::kShared:
      return "shared with services of the same key";
  }
  LB_UNREACHABLE();
}

std::string_view ToString(EventReason reason) {
  switch (reason) {
    case EventReason::kIpAllocated:
      return "IPAllocated";
    case EventReason::kClearAssignment:
      return "ClearAssignment";
    case EventReason::kAdditionalAssignFailed:
      return "AdditionalAssignFailed";
    case EventReason::kAllocationFailed:
      return "AllocationFailed";
    case EventReason::kLoadBalancerFailed:
      return "LoadBalancerFailed";
    case EventReason::kNoLbIpsFamily:
      return "nolbIPsIPFamily";
    case EventReason::kNoClusterIpsFamily:
      return "noclusterIPsIPFamily";
    case EventReason::kNotEnoughClusterIps:
      return "not enough clusterips";
    case EventReason::kDeprecatedAnnotation:
      return "deprecatedAnnotation";
  }
  LB_UNREACHABLE();
}

Decision Decide(const std::optional<Assignment>& before,
                const std::vector<Choice>& choices,
                const ServiceRequest& request) {
  const Assignment old = before.value_or(Assignment());
  Decision decision;
  for (const Choice& choice : choices) {
    decision.assignment.addresses.push_back(choice.held);
    decision.explanation += fmt::format(
        "{}{} (pool {}): {}", decision.explanation.empty() ? "" : "; ",
        choice.held.address.ToString(), choice.held.pool,
        ToString(choice.reason));
  }
  const std::string lost = Without(old, decision.assignment);
  const std::string gained = Without(decision.assignment, old);
  if (!lost.empty()) {
    decision.events.push_back(
        {EventReason::kClearAssignment, "gives up " + lost});
  }
  if (gained.empty()) return decision;
  decision.events.push_back({EventReason::kIpAllocated, "assigned " + gained});
  // Said once, when the first address comes: not at every look.
  if (request.family_policy == FamilyPolicy::kPreferDualStack &&
      request.families.size() != 1 && choices.size() == 1) {
    decision.events.push_back({EventReason::kAdditionalAssignFailed,
                               "no address of the other family to be had"});
  }
  return decision;
}

Decision DecideFailure(const std::optional<Assignment>& before,
                       absl::Status why) {
  LB_CHECK(!why.ok());
  const std::string text(why.message());
  // A request that contradicts itself fails whatever the pools have.
  const EventReason reason = absl::IsInvalidArgument(why)
                                 ? EventReason::kLoadBalancerFailed
                                 : EventReason::kAllocationFailed;
  return {.status = std::move(why),
          .assignment = before.value_or(Assignment()),
          .explanation = text,
          .events = {{reason, text}}};
}

}  // namespace lb::ipam
