#include "lb/ipam/selection.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/label_selector.h"
#include "lb/base/status_macros.h"
#include "lb/ipam/sharing.h"

namespace lb::ipam {
namespace {

using net::IpAddress;
using net::IpFamily;

// Pools that an error message explains one by one.
constexpr size_t kExplainedMax = 8;

using Families = absl::InlinedVector<IpFamily, 2>;

// One Select() call: what it reads, and what it has decided so far.
class Selection {
 public:
  Selection(const PoolSet& pools, const Holdings& holdings,
            const ServiceRequest& request)
      : pools_(pools),
        holdings_(holdings),
        request_(request),
        terms_(TermsOf(request)),
        wish_(WishOf(request)),
        held_(holdings.Find(request.service)) {}

  absl::StatusOr<Assignment> Run();

 private:
  absl::StatusOr<Assignment> Requested();
  void KeepWhatSuits();
  void AddMissing();
  bool AddBothFromOnePool();
  void AddOne(IpFamily family);
  void Add(IpFamily family, size_t rank);

  // The held address, if it may be kept as far as sharing goes.
  const AssignedAddress* Holds(const IpAddress& address) const;
  bool Has(IpFamily family) const;

  // The address that the pool would give next: the lowest of those free and
  // those shareable on our terms.
  std::optional<IpAddress> NextIn(size_t rank, IpFamily family) const;
  bool CanGive(size_t rank, absl::Span<const IpFamily> families) const;
  std::optional<size_t> FirstPool(absl::Span<const IpFamily> families) const;

  absl::Status WhyNone() const;
  std::string WhyNotFrom(size_t rank) const;

  const PoolSet& pools_;
  const Holdings& holdings_;
  const ServiceRequest& request_;
  const SharingTerms terms_;
  const FamilyWish wish_;
  const Holding* const held_;        // Nullptr: nothing.
  std::optional<size_t> only_rank_;  // Of the requested pool.
  std::vector<AssignedAddress> chosen_;
};

absl::StatusOr<Assignment> Selection::Run() {
  if (!request_.requested_addresses.empty()) return Requested();
  KeepWhatSuits();
  const size_t kept = chosen_.size();
  if (chosen_.size() < wish_.count_max) {
    if (!request_.requested_pool.empty()) {
      only_rank_ = pools_.FindByName(request_.requested_pool);
      if (only_rank_) AddMissing();
    } else {
      AddMissing();
    }
  }
  if (chosen_.size() < wish_.count_min) {
    chosen_.resize(kept);  // The reason speaks of all that is missing.
    return WhyNone();
  }
  std::sort(chosen_.begin(), chosen_.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  return Assignment{std::move(chosen_)};
}

absl::StatusOr<Assignment> Selection::Requested() {
  for (const IpAddress& address : request_.requested_addresses) {
    if (const AssignedAddress* held = Holds(address);
        held != nullptr && (request_.requested_pool.empty() ||
                            request_.requested_pool == held->pool)) {
      chosen_.push_back(*held);
      continue;
    }
    LB_ASSIGN_OR_RETURN(const size_t rank,
                        JudgeAddress(pools_, holdings_, request_, address));
    const std::string& pool = pools_.pool(rank).name;
    if (!request_.requested_pool.empty() && request_.requested_pool != pool) {
      return ServiceError(
          absl::StatusCode::kFailedPrecondition, request_,
          fmt::format("asks for {}, which lies in pool {}, and for pool {}",
                      address.ToString(), pool, request_.requested_pool));
    }
    chosen_.push_back({address, pool});
  }
  std::sort(chosen_.begin(), chosen_.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  return Assignment{std::move(chosen_)};
}

void Selection::KeepWhatSuits() {
  if (held_ == nullptr) return;
  for (const IpFamily family : wish_.order) {
    if (chosen_.size() == wish_.count_max) return;
    for (const AssignedAddress& a : held_->assignment.addresses) {
      const bool suits = a.address.family() == family &&
                         (request_.requested_pool.empty() ||
                          request_.requested_pool == a.pool) &&
                         Holds(a.address) != nullptr;
      if (suits) chosen_.push_back(a);
    }
  }
}

void Selection::AddMissing() {
  if (chosen_.empty() && wish_.count_max == 2 && AddBothFromOnePool()) return;
  for (const IpFamily family : wish_.order) {
    if (chosen_.size() < wish_.count_max && !Has(family)) AddOne(family);
  }
}

bool Selection::AddBothFromOnePool() {
  const std::optional<size_t> rank = FirstPool(wish_.order);
  if (!rank) return false;
  for (const IpFamily family : wish_.order) Add(family, *rank);
  return true;
}

void Selection::AddOne(IpFamily family) {
  if (!chosen_.empty()) {  // The other family's pool is preferred.
    const std::optional<size_t> same = pools_.FindByName(chosen_.front().pool);
    if (same && CanGive(*same, {&family, 1})) return Add(family, *same);
  }
  if (const auto rank = FirstPool({&family, 1})) Add(family, *rank);
}

void Selection::Add(IpFamily family, size_t rank) {
  chosen_.push_back({*NextIn(rank, family), pools_.pool(rank).name});
}

const AssignedAddress* Selection::Holds(const IpAddress& address) const {
  if (held_ == nullptr) return nullptr;
  for (const AssignedAddress& a : held_->assignment.addresses) {
    if (a.address != address) continue;
    return holdings_.WhyTaken(address, request_.service, terms_) ? nullptr : &a;
  }
  return nullptr;
}

bool Selection::Has(IpFamily family) const {
  return std::any_of(chosen_.begin(), chosen_.end(), [&](const auto& a) {
    return a.address.family() == family;
  });
}

std::optional<IpAddress> Selection::NextIn(size_t rank, IpFamily family) const {
  std::optional<IpAddress> next = pools_.space(rank).NextFree(family);
  if (terms_.key.empty()) return next;
  std::optional<size_t> next_range;
  if (next) next_range = pools_.RangeOf(*next);
  for (const IpAddress& shared : holdings_.SharedWith(terms_.key)) {
    if (shared.family() != family || !pools_.GivesOut(shared) ||
        pools_.FindByAddress(shared) != rank) {
      continue;
    }
    const size_t range = *pools_.RangeOf(shared);
    const bool is_earlier =
        !next || std::pair(range, shared) < std::pair(*next_range, *next);
    if (is_earlier && !holdings_.WhyTaken(shared, request_.service, terms_)) {
      next = shared;
      next_range = range;
    }
  }
  return next;
}

bool Selection::CanGive(size_t rank,
                        absl::Span<const IpFamily> families) const {
  if (!WhyClosed(pools_.pool(rank), request_).empty()) return false;
  return std::all_of(families.begin(), families.end(), [&](IpFamily family) {
    return NextIn(rank, family).has_value();
  });
}

std::optional<size_t> Selection::FirstPool(
    absl::Span<const IpFamily> families) const {
  if (only_rank_) {
    if (CanGive(*only_rank_, families)) return only_rank_;
    return std::nullopt;
  }
  std::optional<size_t> first;
  for (auto rank = pools_.NextWithFree(families, 0); rank;
       rank = pools_.NextWithFree(families, *rank + 1)) {
    if (!WhyClosed(pools_.pool(*rank), request_).empty()) continue;
    first = rank;
    break;
  }
  if (terms_.key.empty()) return first;
  // A pool without a free address may come first through one to share.
  absl::btree_set<size_t> sharing;
  for (const IpAddress& shared : holdings_.SharedWith(terms_.key)) {
    if (const auto rank = pools_.FindByAddress(shared)) sharing.insert(*rank);
  }
  for (const size_t rank : sharing) {
    if (first && rank >= *first) break;
    if (pools_.pool(rank).auto_assign && CanGive(rank, families)) return rank;
  }
  return first;
}

absl::Status Selection::WhyNone() const {
  if (!request_.requested_pool.empty()) {
    const std::string& name = request_.requested_pool;
    if (!only_rank_) {
      return ServiceError(
          absl::StatusCode::kNotFound, request_,
          fmt::format("asks for pool {}, which does not exist", name));
    }
    const bool is_open = WhyClosed(pools_.pool(*only_rank_), request_).empty();
    return ServiceError(
        is_open ? absl::StatusCode::kResourceExhausted
                : absl::StatusCode::kFailedPrecondition,
        request_, fmt::format("pool {}: {}", name, WhyNotFrom(*only_rank_)));
  }
  if (pools_.pools().empty()) {
    return ServiceError(absl::StatusCode::kResourceExhausted, request_,
                        "there are no pools");
  }
  std::string why;
  const size_t explained = std::min(pools_.pools().size(), kExplainedMax);
  for (size_t rank = 0; rank < explained; ++rank) {
    fmt::format_to(std::back_inserter(why), "{}pool {}: {}",
                   rank == 0 ? "" : "; ", pools_.pool(rank).name,
                   WhyNotFrom(rank));
  }
  if (const size_t more = pools_.pools().size() - explained; more > 0) {
    fmt::format_to(std::back_inserter(why), "; and {} more pools", more);
  }
  return ServiceError(absl::StatusCode::kResourceExhausted, request_, why);
}

std::string Selection::WhyNotFrom(size_t rank) const {
  const Pool& pool = pools_.pool(rank);
  if (!pool.auto_assign && !only_rank_) return "not assigned automatically";
  if (const std::string_view why = WhyClosed(pool, request_); !why.empty()) {
    return std::string(why);
  }
  std::string text;
  for (const IpFamily family : wish_.order) {
    if (Has(family)) continue;
    const bool has_family = pools_.space(rank).HasFamily(family);
    if (wish_.count_min == 1 && has_family) return "full";
    const std::string_view form = !has_family            ? "{}no {} addresses"
                                  : NextIn(rank, family) ? "{}{} available"
                                                         : "{}{} full";
    fmt::format_to(std::back_inserter(text), fmt::runtime(form),
                   text.empty() ? "" : ", ", net::ToString(family));
  }
  return text;
}

}  // namespace

absl::Status ServiceError(absl::StatusCode code, const ServiceRequest& request,
                          std::string_view what) {
  const std::string text = fmt::format("Service/{}: {}", request.service, what);
  return absl::Status(code, text);
}

FamilyWish WishOf(const ServiceRequest& request) {
  const std::vector<IpFamily>& listed = request.families;
  FamilyWish wish;
  wish.order = {IpFamily::kIpv4, IpFamily::kIpv6};
  if (!listed.empty() && listed.front() == IpFamily::kIpv6) {
    std::swap(wish.order[0], wish.order[1]);
  }
  switch (request.family_policy) {
    case FamilyPolicy::kSingleStack:
      if (!listed.empty()) wish.order.resize(1);
      break;
    case FamilyPolicy::kPreferDualStack:
      if (listed.size() == 1) {
        wish.order.resize(1);
      } else {
        wish.count_max = 2;
      }
      break;
    case FamilyPolicy::kRequireDualStack:
      wish.count_min = wish.count_max = 2;
      break;
  }
  return wish;
}

absl::Status ValidateRequest(const ServiceRequest& request) {
  const auto refuse = [&](std::string_view what) {
    return ServiceError(absl::StatusCode::kInvalidArgument, request, what);
  };
  if (request.service.empty()) return refuse("no name, want namespace/name");
  const std::vector<IpAddress>& asked = request.requested_addresses;
  if (asked.empty()) return absl::OkStatus();
  LB_RETURN_IF_ERROR(ValidateAddresses(request, asked));
  const FamilyWish wish = WishOf(request);
  for (const IpAddress& address : asked) {
    if (std::find(wish.order.begin(), wish.order.end(), address.family()) ==
        wish.order.end()) {
      return refuse(fmt::format("asks for {}, want an {} address",
                                address.ToString(),
                                net::ToString(wish.order.front())));
    }
  }
  if (asked.size() < wish.count_min) {
    return refuse(
        fmt::format("asks for {} alone, want one address of each "
                    "family for RequireDualStack",
                    asked.front().ToString()));
  }
  return absl::OkStatus();
}

absl::Status ValidateAddresses(const ServiceRequest& request,
                               absl::Span<const IpAddress> addresses) {
  const bool is_valid = addresses.size() < 2 || (addresses.size() == 2 &&
                                                 addresses.front().family() !=
                                                     addresses.back().family());
  if (is_valid) return absl::OkStatus();
  std::string text;
  for (const IpAddress& address : addresses) {
    fmt::format_to(std::back_inserter(text), "{}{}", text.empty() ? "" : ", ",
                   address.ToString());
  }
  return ServiceError(
      absl::StatusCode::kInvalidArgument, request,
      fmt::format("asks for {}, want at most one address of each family",
                  text));
}

std::string_view WhyClosed(const Pool& pool, const ServiceRequest& request) {
  if (!pool.service_allocation) return "";
  const ServiceAllocation& to = *pool.service_allocation;
  const bool any_namespace =
      to.namespaces.empty() && to.namespace_selectors.empty();
  if (!any_namespace &&
      std::find(to.namespaces.begin(), to.namespaces.end(),
                request.service_namespace) == to.namespaces.end() &&
      !MatchesAny(to.namespace_selectors, request.namespace_labels)) {
    return "namespace not allowed";
  }
  if (!to.service_selectors.empty() &&
      !MatchesAny(to.service_selectors, request.labels)) {
    return "service labels do not match";
  }
  return "";
}

absl::StatusOr<size_t> JudgeAddress(const PoolSet& pools,
                                    const Holdings& holdings,
                                    const ServiceRequest& request,
                                    const IpAddress& address) {
  if (const auto why =
          holdings.WhyTaken(address, request.service, TermsOf(request))) {
    return ServiceError(absl::StatusCode::kAlreadyExists, request, *why);
  }
  const std::optional<size_t> rank = pools.FindByAddress(address);
  if (!rank) {
    return ServiceError(
        absl::StatusCode::kNotFound, request,
        fmt::format("asks for {}, which lies in no pool", address.ToString()));
  }
  const Pool& pool = pools.pool(*rank);
  if (const std::string_view why = WhyClosed(pool, request); !why.empty()) {
    return ServiceError(absl::StatusCode::kFailedPrecondition, request,
                        fmt::format("asks for {} of pool {}: {}",
                                    address.ToString(), pool.name, why));
  }
  if (!pools.GivesOut(address)) {
    return ServiceError(
        absl::StatusCode::kFailedPrecondition, request,
        fmt::format("asks for {}, which pool {} avoids (avoidBuggyIPs)",
                    address.ToString(), pool.name));
  }
  return *rank;
}

absl::StatusOr<Assignment> Select(const PoolSet& pools,
                                  const Holdings& holdings,
                                  const ServiceRequest& request) {
  return Selection(pools, holdings, request).Run();
}

}  // namespace lb::ipam
