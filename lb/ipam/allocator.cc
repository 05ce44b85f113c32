#include "lb/ipam/allocator.h"

#include <algorithm>
#include <cstddef>

#include "absl/container/btree_set.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/ipam/pool_validation.h"
#include "lb/ipam/selection.h"
#include "lb/ipam/sharing.h"

namespace lb::ipam {
namespace {

void SortByAddress(Assignment& assignment) {
  std::sort(assignment.addresses.begin(), assignment.addresses.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
}

}  // namespace

absl::Status Allocator::SetPools(std::vector<Pool> pools) {
  for (const absl::Status& verdict : ValidatePools(pools)) {
    LB_RETURN_IF_ERROR(verdict);
  }
  empty_pools_ = PoolSet(std::move(pools));
  pools_ = empty_pools_;
  absl::btree_set<net::IpAddress> taken;
  for (const auto& [service, holding] : holdings_.by_service()) {
    for (size_t i = 0; i < holding.assignment.addresses.size(); ++i) {
      const net::IpAddress& address = holding.assignment.addresses[i].address;
      if (taken.insert(address).second) pools_.Take(address);
      if (const auto rank = pools_.FindByAddress(address)) {
        holdings_.SetPool(service, i, pools_.pool(*rank).name);
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Assignment> Allocator::Assign(const ServiceRequest& request) {
  LB_RETURN_IF_ERROR(ValidateRequest(request));
  LB_ASSIGN_OR_RETURN(Assignment assignment,
                      Select(pools_, holdings_, request));
  Apply(request, assignment);
  return assignment;
}

absl::Status Allocator::Hold(const ServiceRequest& request,
                             absl::Span<const net::IpAddress> addresses) {
  LB_RETURN_IF_ERROR(ValidateAddresses(request, addresses));
  Assignment assignment;
  for (const net::IpAddress& address : addresses) {
    LB_ASSIGN_OR_RETURN(const size_t rank,
                        JudgeAddress(pools_, holdings_, request, address));
    assignment.addresses.push_back({address, pools_.pool(rank).name});
  }
  Apply(request, std::move(assignment));
  return absl::OkStatus();
}

absl::Status Allocator::Keep(const ServiceRequest& request,
                             absl::Span<const AssignedAddress> addresses) {
  Assignment assignment;
  std::vector<net::IpAddress> bare;
  for (const AssignedAddress& a : addresses) {
    bare.push_back(a.address);
    if (const auto why =
            holdings_.WhyTaken(a.address, request.service, TermsOf(request))) {
      return ServiceError(absl::StatusCode::kAlreadyExists, request, *why);
    }
    const std::optional<size_t> rank = pools_.FindByAddress(a.address);
    assignment.addresses.push_back(
        {a.address, rank ? pools_.pool(*rank).name : a.pool});
  }
  LB_RETURN_IF_ERROR(ValidateAddresses(request, bare));
  Apply(request, std::move(assignment));
  return absl::OkStatus();
}

bool Allocator::Release(std::string_view service) {
  if (holdings_.Find(service) == nullptr) return false;
  const Holding released = holdings_.Remove(service);
  for (const AssignedAddress& a : released.assignment.addresses) {
    if (!holdings_.IsHeld(a.address)) pools_.Free(a.address);
  }
  return true;
}

void Allocator::ReleaseAll() {
  holdings_ = Holdings();
  pools_ = empty_pools_;
}

std::optional<Assignment> Allocator::Find(std::string_view service) const {
  const Holding* const holding = holdings_.Find(service);
  if (holding == nullptr) return std::nullopt;
  return holding->assignment;
}

std::vector<std::string> Allocator::HoldersOf(
    const net::IpAddress& address) const {
  return holdings_.HoldersOf(address);
}

std::vector<std::pair<std::string, Assignment>> Allocator::List() const {
  std::vector<std::pair<std::string, Assignment>> list;
  list.reserve(holdings_.by_service().size());
  for (const auto& [service, holding] : holdings_.by_service()) {
    list.emplace_back(service, holding.assignment);
  }
  return list;
}

absl::StatusOr<PoolUsage> Allocator::Usage(std::string_view pool) const {
  const std::optional<size_t> rank = pools_.FindByName(pool);
  if (!rank) {
    return absl::NotFoundError(
        fmt::format("IPAddressPool/{}: there is no such pool", pool));
  }
  return pools_.space(*rank).usage();
}

absl::Status Allocator::Check(const ServiceRequest& request) const {
  LB_RETURN_IF_ERROR(ValidateRequest(request));
  return Select(empty_pools_, Holdings(), request).status();
}

void Allocator::Apply(const ServiceRequest& request, Assignment assignment) {
  SortByAddress(assignment);
  SharingTerms terms = TermsOf(request);
  if (const Holding* const held = holdings_.Find(request.service);
      held != nullptr && held->assignment == assignment &&
      held->terms == terms) {
    return;
  }
  Release(request.service);
  if (assignment.addresses.empty()) return;
  for (const AssignedAddress& a : assignment.addresses) {
    if (!holdings_.IsHeld(a.address)) pools_.Take(a.address);
  }
  holdings_.Add(request.service, {.assignment = std::move(assignment),
                                  .terms = std::move(terms)});
}

}  // namespace lb::ipam
