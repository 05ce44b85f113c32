// FindReleasable(): which addresses an operator can have freed by hand.
//
// An address can be freed that only the past explains: that of a service which
// no manifest asks for, and one that no pool would give to its service any
// more. Pure functions.
#ifndef LB_IPAM_RELEASE_SEARCH_H_
#define LB_IPAM_RELEASE_SEARCH_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/wanted.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

// One of the two is set.
struct ReleaseTarget {
  std::string service;  // What of it can be freed.
  // All that hold it give it up, or none.
  std::optional<net::IpAddress> address;

  std::string ToString() const {
    return address ? address->ToString() : service;
  }
};

struct Released {
  std::string service;
  net::IpAddress address;

  friend bool operator==(const Released&, const Released&) = default;
};

// By service; at least one. `allocator` holds what the ledger says.
// NotFound: no service holds it. FailedPrecondition: a service would get the
// same again, or asks for it.
absl::StatusOr<std::vector<Released>> FindReleasable(
    const ReleaseTarget& target, const Ledger& ledger,
    const Allocator& allocator, const Wanted& wanted);

// What the record's service has without these addresses.
Assignment Without(const Record& record, absl::Span<const Released> released);

}  // namespace lb::ipam

#endif  // LB_IPAM_RELEASE_SEARCH_H_
