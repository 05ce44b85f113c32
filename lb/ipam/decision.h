// Decision: what assignment came to for one service, and why, as values.
//
// The event reasons are MetalLB's, letter for letter, so that what watches for
// those works on. Pure.
#ifndef LB_IPAM_DECISION_H_
#define LB_IPAM_DECISION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/service_request.h"

namespace lb::ipam {

// Why a service has an address.
enum class ChoiceReason {
  kHeld,               // It had it before, and it still suits.
  kRequested,          // It asks for this address.
  kReserved,           // It is reserved for the service.
  kLowestFree,         // The first free one of the pool.
  kLeastRecentlyUsed,  // All were used before; this one was freed first.
  kShared,             // Others hold it on the same sharing terms.
};
// "the lowest free address"
std::string_view ToString(ChoiceReason reason);

struct Choice {
  AssignedAddress held;
  ChoiceReason reason;

  friend bool operator==(const Choice&, const Choice&) = default;
};

enum class EventReason {
  kIpAllocated,             // Normal
  kClearAssignment,         // Normal
  kAdditionalAssignFailed,  // Normal
  kAllocationFailed,
  kLoadBalancerFailed,
  kNoLbIpsFamily,
  kNoClusterIpsFamily,
  kNotEnoughClusterIps,
  kDeprecatedAnnotation,
};
// MetalLB's word for it: "IPAllocated", "not enough clusterips", ...
std::string_view ToString(EventReason reason);

struct ServiceEvent {
  EventReason reason;
  std::string message;

  friend bool operator==(const ServiceEvent&, const ServiceEvent&) = default;
};

struct Decision {
  absl::Status status;  // As of Allocator::Assign().
  // The addresses of the service after it; if it fails: those before.
  Assignment assignment;
  // "10.0.0.1 (pool a): the lowest free address; ..."; of a failure its reason.
  std::string explanation;
  // Events to record once it is done; empty if nothing changes or fails.
  std::vector<ServiceEvent> events;
};

// A decision from what the service held before and what was chosen for it.
Decision Decide(const std::optional<Assignment>& before,
                const std::vector<Choice>& choices,
                const ServiceRequest& request);
// The same for a failure. REQUIRES: !why.ok().
Decision DecideFailure(const std::optional<Assignment>& before,
                       absl::Status why);

}  // namespace lb::ipam

#endif  // LB_IPAM_DECISION_H_
