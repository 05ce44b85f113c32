#include "lb/ipam/release_search.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/status/status.h"

namespace lb::ipam {
namespace {

// By name, or by a reservation.
bool AsksFor(const ServiceRequest& request, const net::IpAddress& address,
             const std::vector<Pool>& pools) {
  const auto& asked = request.requested_addresses;
  if (std::find(asked.begin(), asked.end(), address) != asked.end()) {
    return true;
  }
  if (request.reservation.empty()) return false;
  const Reservation reservation = {request.reservation, address};
  return std::any_of(pools.begin(), pools.end(), [&](const Pool& pool) {
    return std::find(pool.reservations.begin(), pool.reservations.end(),
                     reservation) != pool.reservations.end();
  });
}

// By the manifests that this node has.
absl::Status CheckRelease(const std::string& service,
                          const net::IpAddress& address,
                          const Allocator& allocator, const Wanted& wanted) {
  const auto request = wanted.requests.find(service);
  if (request == wanted.requests.end()) return absl::OkStatus();
  if (AsksFor(request->second, address, wanted.pools)) {
    return absl::FailedPreconditionError(
        fmt::format("{}: {} asks for it by name, want its manifest changed or "
                    "removed first",
                    address.ToString(), service));
  }
  for (const Orphan& orphan : allocator.OrphansOf(request->second)) {
    if (orphan.held.address == address) return absl::OkStatus();
  }
  const absl::Status refusal = allocator.Decide(request->second).status;
  if (!refusal.ok()) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: {} keeps it while it is refused what it asks for ({}), want its "
        "manifest changed; of two services that ask for each other's address, "
        "one has to ask for a third first",
        address.ToString(), service, std::string(refusal.message())));
  }
  return absl::FailedPreconditionError(
      fmt::format("{}: {} would be given it again, want it out of its pool, or "
                  "another loadBalancerIP in the service's manifest",
                  address.ToString(), service));
}

}  // namespace

absl::StatusOr<std::vector<Released>> FindReleasable(
    const ReleaseTarget& target, const Ledger& ledger,
    const Allocator& allocator, const Wanted& wanted) {
  std::vector<Released> releasable;
  absl::Status refusal;
  for (const Record& record : ledger.AllRecords()) {
    if (!target.address && record.service != target.service) continue;
    for (const Claim& claim : record.claims) {
      if (target.address && claim.address != *target.address) continue;
      const absl::Status verdict =
          CheckRelease(record.service, claim.address, allocator, wanted);
      refusal.Update(verdict);
      if (verdict.ok()) releasable.push_back({record.service, claim.address});
    }
  }
  if (!refusal.ok() && (releasable.empty() || target.address)) return refusal;
  if (releasable.empty()) {
    return absl::NotFoundError(fmt::format(
        "{}: {}", target.ToString(),
        target.address ? "no service holds it" : "it holds no address"));
  }
  return releasable;
}

Assignment Without(const Record& record, absl::Span<const Released> released) {
  Assignment rest;
  for (const Claim& claim : record.claims) {
    const Released one = {record.service, claim.address};
    if (std::find(released.begin(), released.end(), one) != released.end()) {
      continue;
    }
    rest.addresses.push_back({claim.address, claim.pool});
  }
  return rest;
}

}  // namespace lb::ipam
