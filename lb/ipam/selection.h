// Selection: which addresses a service is to have.
//
// The rules of assignment as functions of the request, the pools and what is
// held; nothing changes here. See allocator.h for the error codes.
#ifndef LB_IPAM_SELECTION_H_
#define LB_IPAM_SELECTION_H_

#include <cstddef>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/holdings.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/pool_set.h"
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

// Why the pool is not open to the service ("namespace not allowed", "service
// labels do not match"); empty: it is.
std::string_view WhyClosed(const Pool& pool, const ServiceRequest& request);

// Whether the service may hold the address of an open pool, on its terms.
// Returns the pool's rank.
absl::StatusOr<size_t> JudgeAddress(const PoolSet& pools,
                                    const Holdings& holdings,
                                    const ServiceRequest& request,
                                    const net::IpAddress& address);

// What the service is to hold: addresses that it has, as far as they suit the
// request, and new ones. REQUIRES: ValidateRequest() is OK.
absl::StatusOr<Assignment> Select(const PoolSet& pools,
                                  const Holdings& holdings,
                                  const ServiceRequest& request);

// `Service/namespace/name: what`.
absl::Status ServiceError(absl::StatusCode code, const ServiceRequest& request,
                          std::string_view what);

}  // namespace lb::ipam

#endif  // LB_IPAM_SELECTION_H_
