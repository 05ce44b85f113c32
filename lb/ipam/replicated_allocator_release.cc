// ReplicatedAllocator's releases: what an operator has freed by hand.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lb/base/status_macros.h"
#include "lb/ipam/replicated_allocator.h"

namespace lb::ipam {

absl::StatusOr<std::vector<ReplicatedAllocator::Released>>
ReplicatedAllocator::Release(const ReleaseTarget& target,
                             absl::AnyInvocable<void(absl::Status)> on_saved) {
  const std::string name =
      target.address ? target.address->ToString() : target.service;
  if (!author_.has_value()) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: waiting to hear from the cluster, want it ready first", name));
  }
  if (releases_.size() >= kReleasesMax) {
    return absl::ResourceExhaustedError(fmt::format(
        "{}: {} releases are being written, want fewer", name, kReleasesMax));
  }
  std::vector<Released> released;
  absl::Status refusal;
  for (const Record& record : ledger_.AllRecords()) {
    if (!target.address && record.service != target.service) continue;
    for (const Claim& claim : record.claims) {
      if (target.address && claim.address != *target.address) continue;
      const absl::Status verdict = CheckRelease(record.service, claim.address);
      refusal.Update(verdict);
      if (verdict.ok()) released.push_back({record.service, claim.address});
    }
  }
  if (!refusal.ok() && (released.empty() || target.address)) return refusal;
  if (released.empty()) {
    return absl::NotFoundError(fmt::format(
        "{}: {}", name,
        target.address ? "no service holds it" : "it holds no address"));
  }
  // A service's come one after the other.
  for (auto it = released.begin(); it != released.end();) {
    const auto end = std::find_if(it, released.end(), [&](const auto& other) {
      return other.service != it->service;
    });
    LB_RETURN_IF_ERROR(ProposeWithout(it->service, {it, end}));
    it = end;
  }
  releases_.emplace_back(ledger_.version(), std::move(on_saved));
  WakeBy(ports_.loop->Now());
  return released;
}

// By name, or by a reservation.
bool ReplicatedAllocator::AsksFor(const ServiceRequest& request,
                                  const net::IpAddress& address) const {
  const auto& asked = request.requested_addresses;
  if (std::find(asked.begin(), asked.end(), address) != asked.end()) {
    return true;
  }
  if (request.reservation.empty()) return false;
  const Reservation reservation = {request.reservation, address};
  return std::any_of(
      wanted_.pools.begin(), wanted_.pools.end(), [&](const Pool& pool) {
        return std::find(pool.reservations.begin(), pool.reservations.end(),
                         reservation) != pool.reservations.end();
      });
}

// By the manifests that this node has.
absl::Status ReplicatedAllocator::CheckRelease(
    const std::string& service, const net::IpAddress& address) const {
  const auto wanted = wanted_.requests.find(service);
  if (wanted == wanted_.requests.end()) return absl::OkStatus();
  if (AsksFor(wanted->second, address)) {
    return absl::FailedPreconditionError(
        fmt::format("{}: {} asks for it by name, want its manifest changed or "
                    "removed first",
                    address.ToString(), service));
  }
  for (const Orphan& orphan : allocator_.OrphansOf(wanted->second)) {
    if (orphan.held.address == address) return absl::OkStatus();
  }
  const absl::Status refusal = allocator_.Decide(wanted->second).status;
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

// A new generation of the service's record, without those addresses.
absl::Status ReplicatedAllocator::ProposeWithout(
    const std::string& service, const std::vector<Released>& released) {
  Assignment rest;
  for (const Claim& claim : ledger_.Find(service)->claims) {
    const Released one = {service, claim.address};
    if (std::find(released.begin(), released.end(), one) != released.end()) {
      continue;
    }
    rest.addresses.push_back({claim.address, claim.pool});
  }
  LB_RETURN_IF_ERROR(
      ledger_.Propose(service, rest, ports_.loop->CivilNow()).status());
  unsaved_[service] = ledger_.version();
  stale_.insert(service);
  return absl::OkStatus();
}

void ReplicatedAllocator::AnswerReleases() {
  for (auto& [version, on_saved] : std::exchange(releases_, {})) {
    if (save_error_.ok() && version > saved_version_) {
      releases_.emplace_back(version, std::move(on_saved));
    } else {
      on_saved(save_error_);
    }
  }
}

}  // namespace lb::ipam
