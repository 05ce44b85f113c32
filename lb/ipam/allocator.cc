#include "lb/ipam/allocator.h"

#include <algorithm>
#include <cstddef>

#include "absl/container/btree_set.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/ipam/pool_validation.h"
#include "lb/ipam/request_rules.h"
#include "lb/ipam/selection.h"
#include "lb/ipam/sharing.h"

namespace lb::ipam {
namespace {

Assignment AssignmentOf(const std::vector<Choice>& choices) {
  Assignment assignment;
  for (const Choice& choice : choices) {
    assignment.addresses.push_back(choice.held);
  }
  return assignment;
}

const AssignedAddress* FindIn(const std::optional<Assignment>& assignment,
                              const net::IpAddress& address) {
  if (!assignment) return nullptr;
  for (const AssignedAddress& a : assignment->addresses) {
    if (a.address == address) return &a;
  }
  return nullptr;
}

}  // namespace

absl::Status Allocator::SetPools(std::vector<Pool> pools) {
  for (const absl::Status& verdict : ValidatePools(pools)) {
    LB_RETURN_IF_ERROR(verdict);
  }
  const auto resting = Resting();
  empty_pools_ = PoolSet(std::move(pools));
  for (const auto& [address, owner] : taken_) {
    empty_pools_.AddHosts(address, false);
  }
  pools_ = empty_pools_;
  shared_ = SharedPlaces();
  absl::btree_set<net::IpAddress> taken;
  std::vector<std::pair<std::string, AssignedAddress>> moved;
  bindings_.ForEach([&](std::string_view service, const Assignment& held) {
    for (const AssignedAddress& a : held.addresses) {
      if (taken.insert(a.address).second) {
        pools_.Take(a.address);
        AddShared(a.address);
      }
      const auto rank = pools_.FindByAddress(a.address);
      if (rank && pools_.pool(*rank).name != a.pool) {
        moved.push_back(
            {std::string(service), {a.address, pools_.pool(*rank).name}});
      }
    }
  });
  for (const auto& [service, a] : moved) {
    bindings_.SetPool(service, a.address, a.pool);
  }
  for (const auto& [address, rest] : resting) pools_.Remember(address, rest);
  AdvanceTo(now_);
  return absl::OkStatus();
}

void Allocator::SetTaken(const TakenAddresses& taken) {
  // Both are in the order of addresses.
  std::vector<std::pair<net::IpAddress, std::string>> changed;
  auto before = taken_.begin();
  for (const auto& entry : taken) {
    for (; before != taken_.end() && before->first < entry.first; ++before) {
      changed.emplace_back(before->first, "");
    }
    const bool is_known =
        before != taken_.end() && before->first == entry.first;
    if (!is_known || before->second != entry.second) changed.push_back(entry);
    if (is_known) ++before;
  }
  for (; before != taken_.end(); ++before) {
    changed.emplace_back(before->first, "");
  }
  for (const auto& [address, owner] : changed) SetOwner(address, owner);
}

void Allocator::SetOwner(const net::IpAddress& address,
                         const std::string& owner) {
  const bool was_taken = taken_.contains(address);
  const bool is_taken = !owner.empty();
  RemoveShared(address);
  if (was_taken && !is_taken) {
    pools_.RemoveHosts(address);
    empty_pools_.RemoveHosts(address);
  } else if (!was_taken && is_taken) {
    pools_.AddHosts(address, bindings_.IsHeld(address));
    empty_pools_.AddHosts(address, false);
  }
  if (is_taken) {
    taken_[address] = owner;
  } else {
    taken_.erase(address);
  }
  AddShared(address);
}

absl::StatusOr<std::vector<Choice>> Allocator::Choose(
    const ServiceRequest& request) const {
  LB_RETURN_IF_ERROR(ValidateRequest(request));
  return Select(View(), request);
}

absl::StatusOr<Assignment> Allocator::Assign(const ServiceRequest& request) {
  LB_ASSIGN_OR_RETURN(const std::vector<Choice> choices, Choose(request));
  Assignment assignment = AssignmentOf(choices);
  Apply(request, assignment);
  return assignment;
}

Decision Allocator::Decide(const ServiceRequest& request) const {
  const std::optional<Assignment> before = Find(request.service);
  const auto choices = Choose(request);
  if (!choices.ok()) return DecideFailure(before, choices.status());
  return ipam::Decide(before, *choices, request);
}

absl::Status Allocator::Hold(const ServiceRequest& request,
                             absl::Span<const net::IpAddress> addresses) {
  LB_RETURN_IF_ERROR(ValidateAddresses(request, addresses));
  const std::optional<Assignment> held = Find(request.service);
  Assignment assignment;
  for (const net::IpAddress& address : addresses) {
    const absl::StatusOr<size_t> rank = JudgeAddress(View(), request, address);
    if (rank.ok()) {
      assignment.addresses.push_back({address, pools_.pool(*rank).name});
    } else if (const AssignedAddress* own = FindIn(held, address);
               own != nullptr && !absl::IsAlreadyExists(rank.status())) {
      assignment.addresses.push_back(*own);
    } else {
      return rank.status();
    }
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
            bindings_.WhyTaken(a.address, request.service, TermsOf(request))) {
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
  const std::optional<Assignment> held = Withdraw(service);
  if (held) FreeUnheld(service, *held);
  return held.has_value();
}

void Allocator::Forget(std::string_view service) {
  const std::optional<Assignment> held = Withdraw(service);
  if (!held) return;
  for (const AssignedAddress& a : held->addresses) {
    if (!bindings_.IsHeld(a.address)) pools_.Forget(a.address);
  }
}

void Allocator::ReleaseAll() {
  bindings_ = AddressBindings();
  shared_ = SharedPlaces();
  pools_ = empty_pools_;
}

std::vector<Orphan> Allocator::OrphansOf(const ServiceRequest& request) const {
  std::vector<Orphan> orphans;
  const std::optional<Assignment> held = Find(request.service);
  if (!held) return orphans;
  for (const AssignedAddress& a : held->addresses) {
    const auto rank = JudgeAddress(View(), request, a.address);
    if (!rank.ok() && !absl::IsAlreadyExists(rank.status())) {
      orphans.push_back({a, rank.status()});
      continue;
    }
    absl::Status verdict = JudgeTaken(View(), request, a.pool, a.address);
    if (!verdict.ok()) orphans.push_back({a, std::move(verdict)});
  }
  return orphans;
}

void Allocator::AdvanceTo(absl::Time now) {
  now_ = std::max(now_, now);
  pools_.AdvanceTo(now_);
}

std::vector<std::pair<net::IpAddress, Rest>> Allocator::Resting() const {
  std::vector<std::pair<net::IpAddress, Rest>> all;
  for (size_t rank = 0; rank < pools_.pools().size(); ++rank) {
    const auto& resting = pools_.space(rank).resting().by_address();
    all.insert(all.end(), resting.begin(), resting.end());
  }
  return all;
}

void Allocator::Remember(const net::IpAddress& address, Rest rest) {
  if (bindings_.IsHeld(address)) return;
  pools_.Remember(address, std::move(rest));
  pools_.AdvanceTo(now_);
}

std::optional<Assignment> Allocator::Find(std::string_view service) const {
  return bindings_.Find(service);
}

std::vector<std::string> Allocator::HoldersOf(
    const net::IpAddress& address) const {
  return bindings_.HoldersOf(address);
}

std::vector<std::pair<std::string, Assignment>> Allocator::List() const {
  std::vector<std::pair<std::string, Assignment>> list;
  list.reserve(bindings_.size());
  bindings_.ForEach([&](std::string_view service, const Assignment& held) {
    list.emplace_back(service, held);
  });
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
  const AddressBindings nobody;
  const SharedPlaces nothing;
  return Select({empty_pools_, nobody, nothing, taken_, notes_}, request)
      .status();
}

void Allocator::Apply(const ServiceRequest& request, Assignment assignment) {
  std::sort(assignment.addresses.begin(), assignment.addresses.end(),
            AddressLess());
  const SharingTerms terms = TermsOf(request);
  if (bindings_.Is(request.service, assignment, terms)) return;
  const std::optional<Assignment> held = Withdraw(request.service);
  for (const AssignedAddress& a : assignment.addresses) {
    if (bindings_.IsHeld(a.address)) {
      RemoveShared(a.address);
    } else if (FindIn(held, a.address) == nullptr) {
      pools_.Take(a.address);
    }
  }
  if (!assignment.addresses.empty()) {
    bindings_.Add(request.service, assignment, terms);
  }
  for (const AssignedAddress& a : assignment.addresses) AddShared(a.address);
  if (held) FreeUnheld(request.service, *held);
}

std::optional<Assignment> Allocator::Withdraw(std::string_view service) {
  std::optional<Assignment> held = bindings_.Find(service);
  if (!held) return held;
  for (const AssignedAddress& a : held->addresses) RemoveShared(a.address);
  bindings_.Remove(service);
  for (const AssignedAddress& a : held->addresses) AddShared(a.address);
  return held;
}

void Allocator::FreeUnheld(std::string_view service, const Assignment& held) {
  for (const AssignedAddress& a : held.addresses) {
    if (bindings_.IsHeld(a.address)) continue;
    pools_.Free(a.address, {now_, std::string(service)});
  }
}

void Allocator::AddShared(const net::IpAddress& address) {
  const auto terms = bindings_.TermsAt(address);
  if (!terms) return;
  if (const auto place = PlaceOf(address)) shared_.Add(*terms, *place);
}

void Allocator::RemoveShared(const net::IpAddress& address) {
  const auto terms = bindings_.TermsAt(address);
  if (!terms) return;
  if (const auto place = PlaceOf(address)) shared_.Remove(*terms, *place);
}

std::optional<SharedPlace> Allocator::PlaceOf(
    const net::IpAddress& address) const {
  const std::optional<size_t> rank = pools_.FindByAddress(address);
  if (!rank || !pools_.space(*rank).GivesOut(address)) return std::nullopt;
  if (pools_.ReservedFor(address) != nullptr || taken_.contains(address)) {
    return std::nullopt;
  }
  return SharedPlace{*rank, *pools_.space(*rank).SegmentOf(address), address};
}

}  // namespace lb::ipam
