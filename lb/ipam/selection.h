// Selection: which addresses a service is to have, and why.
//
// The rules of assignment as functions of the request and of what is held;
// nothing changes here. See allocator.h for the error codes.
#ifndef LB_IPAM_SELECTION_H_
#define LB_IPAM_SELECTION_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lb/ipam/address_bindings.h"
#include "lb/ipam/decision.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/pool_set.h"
#include "lb/ipam/service_request.h"
#include "lb/ipam/shared_places.h"
#include "lb/ipam/taken_addresses.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

// Notes to add to "full" about the addresses of a pool, for each family.
using PoolNotes = std::map<std::pair<std::string, net::IpFamily>, std::string>;

// The inputs of a selection.
struct AllocatorView {
  const PoolSet& pools;
  const AddressBindings& bindings;
  const SharedPlaces& shared;
  const TakenAddresses& taken;
  const PoolNotes& notes;
};

// Whether the service may hold the address of an open pool, on its terms.
// Returns the pool's rank.
absl::StatusOr<size_t> JudgeAddress(const AllocatorView& view,
                                    const ServiceRequest& request,
                                    const net::IpAddress& address);

// OK, or whose the address is: then it is not given out, but stays with the
// services that hold it. REQUIRES: it lies in the pool of that name.
absl::Status JudgeTaken(const AllocatorView& view,
                        const ServiceRequest& request, std::string_view pool,
                        const net::IpAddress& address);

// The addresses that the service should hold: its own, as far as they suit the
// request, and new ones; by address. REQUIRES: ValidateRequest() is OK.
absl::StatusOr<std::vector<Choice>> Select(const AllocatorView& view,
                                           const ServiceRequest& request);

}  // namespace lb::ipam

#endif  // LB_IPAM_SELECTION_H_
