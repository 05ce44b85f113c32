// Rules for a request alone, before any pool is looked at. Pure.
#ifndef LB_IPAM_REQUEST_RULES_H_
#define LB_IPAM_REQUEST_RULES_H_

#include <cstddef>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/ipam/service_request.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

// How many addresses, of which families. One to two of `order`, each once.
struct FamilyWish {
  absl::InlinedVector<net::IpFamily, 2> order;  // The preferred first.
  size_t count_min = 1;
  size_t count_max = 1;
};

// SingleStack: one, of the first family listed; none listed: of either.
// PreferDualStack: both, or one if the other cannot be had; with exactly one
// family listed (a cluster that has but one): one of that.
// RequireDualStack: both.
FamilyWish WishOf(const ServiceRequest& request);

// InvalidArgument: the service has no name, or it asks for addresses that
// contradict each other or its families.
absl::Status ValidateRequest(const ServiceRequest& request);

// InvalidArgument: more than one address of a family.
absl::Status ValidateAddresses(const ServiceRequest& request,
                               absl::Span<const net::IpAddress> addresses);

// `Service/namespace/name: what`.
absl::Status ServiceError(absl::StatusCode code, const ServiceRequest& request,
                          std::string_view what);

}  // namespace lb::ipam

#endif  // LB_IPAM_REQUEST_RULES_H_
