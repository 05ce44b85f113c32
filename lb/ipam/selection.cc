#include "lb/ipam/selection.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/numeric/int128.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/label_selector.h"
#include "lb/base/status_macros.h"
#include "lb/base/utc_text.h"
#include "lb/ipam/request_rules.h"
#include "lb/ipam/sharing.h"

namespace lb::ipam {
namespace {

using net::IpAddress;
using net::IpFamily;

// Pools that an error message explains one by one.
constexpr size_t kExplainedMax = 8;

// Why the pool is not open to the service; empty: it is.
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

// One Select() call: what it reads, and what it has decided so far.
class Selection {
 public:
  Selection(const AllocatorView& view, const ServiceRequest& request)
      : view_(view),
        pools_(view.pools),
        request_(request),
        terms_(TermsOf(request)),
        wish_(WishOf(request)),
        gates_(view.pools.GatesFor(request)),
        held_(view.bindings.Find(request.service)) {}

  absl::StatusOr<std::vector<Choice>> Run();

 private:
  absl::Status AskFor(absl::Span<const IpAddress> addresses,
                      ChoiceReason reason);
  absl::Status AskForReservation();
  void KeepWhatSuits();
  void AddReserved();
  void AddMissing();
  bool AddBothFromOnePool();
  void AddOne(IpFamily family);
  void Add(IpFamily family, size_t rank);

  // The held address, if it may be kept as far as sharing goes.
  const AssignedAddress* Holds(const IpAddress& address) const;
  bool Has(IpFamily family) const;
  bool IsPoolAskedFor(const std::string& pool) const {
    return request_.requested_pool.empty() || request_.requested_pool == pool;
  }

  // The address that the pool would give next: the first of those free and
  // those shareable on our terms.
  std::optional<Choice> NextIn(size_t rank, IpFamily family) const;
  bool CanGive(size_t rank, absl::Span<const IpFamily> families) const;
  std::optional<size_t> FirstPool(absl::Span<const IpFamily> families) const;

  absl::Status WhyNone() const;
  std::string WhyNotFrom(size_t rank) const;
  std::string WhyFull(size_t rank, IpFamily family) const;
  std::string WhoseAre(const PoolSpace& space, IpFamily family) const;

  const AllocatorView& view_;
  const PoolSet& pools_;
  const ServiceRequest& request_;
  const SharingTerms terms_;
  const FamilyWish wish_;
  const PoolSet::Gates gates_;
  const std::optional<Assignment> held_;
  std::optional<size_t> only_rank_;  // Of the requested pool.
  std::vector<Choice> chosen_;
};

absl::StatusOr<std::vector<Choice>> Selection::Run() {
  if (!request_.requested_addresses.empty()) {
    LB_RETURN_IF_ERROR(
        AskFor(request_.requested_addresses, ChoiceReason::kRequested));
  } else if (!request_.reservation.empty()) {
    LB_RETURN_IF_ERROR(AskForReservation());
  } else {
    KeepWhatSuits();
    const size_t kept = chosen_.size();
    const bool has_pool = !request_.requested_pool.empty();
    if (has_pool) only_rank_ = pools_.FindByName(request_.requested_pool);
    if (!has_pool || only_rank_) {
      AddReserved();
      AddMissing();
    }
    if (chosen_.size() < wish_.count_min) {
      chosen_.resize(kept);  // The reason speaks of all that is missing.
      return WhyNone();
    }
  }
  std::sort(chosen_.begin(), chosen_.end(), [](const auto& a, const auto& b) {
    return a.held.address < b.held.address;
  });
  return std::move(chosen_);
}

absl::Status Selection::AskFor(absl::Span<const IpAddress> addresses,
                               ChoiceReason reason) {
  for (const IpAddress& address : addresses) {
    if (const AssignedAddress* held = Holds(address);
        held != nullptr && IsPoolAskedFor(held->pool)) {
      chosen_.push_back({*held, ChoiceReason::kHeld});
      continue;
    }
    LB_ASSIGN_OR_RETURN(const size_t rank,
                        JudgeAddress(view_, request_, address));
    const std::string& pool = pools_.pool(rank).name;
    LB_RETURN_IF_ERROR(JudgeTaken(view_, request_, pool, address));
    if (!IsPoolAskedFor(pool)) {
      return ServiceError(
          absl::StatusCode::kFailedPrecondition, request_,
          fmt::format("asks for {}, which lies in pool {}, and for pool {}",
                      address.ToString(), pool, request_.requested_pool));
    }
    const auto end = pools_.space(rank).CoolDownEnd(address);
    const Rest* const rest = pools_.space(rank).resting().Find(address);
    if (end && rest->last_holder != request_.service) {
      return ServiceError(
          absl::StatusCode::kResourceExhausted, request_,
          fmt::format("asks for {}, which cools down until {} after {}",
                      address.ToString(), FormatUtc(*end), rest->last_holder));
    }
    chosen_.push_back({{address, pool}, reason});
  }
  return absl::OkStatus();
}

absl::Status Selection::AskForReservation() {
  std::vector<IpAddress> wanted;
  const std::vector<IpAddress> reserved =
      pools_.ReservedAs(request_.reservation);
  for (const IpFamily family : wish_.order) {
    for (const IpAddress& address : reserved) {
      const bool is_next =
          address.family() == family && wanted.size() < wish_.count_max;
      if (is_next) wanted.push_back(address);
    }
  }
  if (wanted.size() < wish_.count_min) {
    return ServiceError(
        absl::StatusCode::kNotFound, request_,
        fmt::format("asks for the reservation {}, which has {} addresses of "
                    "its families, want {}",
                    request_.reservation, wanted.size(), wish_.count_min));
  }
  return AskFor(wanted, ChoiceReason::kReserved);
}

void Selection::KeepWhatSuits() {
  if (!held_) return;
  for (const IpFamily family : wish_.order) {
    if (chosen_.size() == wish_.count_max) return;
    for (const AssignedAddress& a : held_->addresses) {
      const bool suits = a.address.family() == family &&
                         IsPoolAskedFor(a.pool) && Holds(a.address) != nullptr;
      if (suits) chosen_.push_back({a, ChoiceReason::kHeld});
    }
  }
}

void Selection::AddReserved() {
  const std::vector<IpAddress> reserved = pools_.ReservedAs(request_.service);
  for (const IpFamily family : wish_.order) {
    for (const IpAddress& address : reserved) {
      if (address.family() != family || Has(family)) continue;
      if (chosen_.size() == wish_.count_max) return;
      const auto rank = JudgeAddress(view_, request_, address);
      if (!rank.ok()) continue;
      const std::string& pool = pools_.pool(*rank).name;
      if (!IsPoolAskedFor(pool) || view_.taken.contains(address)) continue;
      chosen_.push_back({{address, pool}, ChoiceReason::kReserved});
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
    const auto same = pools_.FindByName(chosen_.front().held.pool);
    if (same && CanGive(*same, {&family, 1})) return Add(family, *same);
  }
  if (const auto rank = FirstPool({&family, 1})) Add(family, *rank);
}

void Selection::Add(IpFamily family, size_t rank) {
  chosen_.push_back(*NextIn(rank, family));
}

const AssignedAddress* Selection::Holds(const IpAddress& address) const {
  if (!held_) return nullptr;
  for (const AssignedAddress& a : held_->addresses) {
    if (a.address != address) continue;
    const bool is_taken =
        view_.bindings.WhyTaken(address, request_.service, terms_).has_value();
    return is_taken ? nullptr : &a;
  }
  return nullptr;
}

bool Selection::Has(IpFamily family) const {
  return std::any_of(chosen_.begin(), chosen_.end(), [&](const Choice& c) {
    return c.held.address.family() == family;
  });
}

std::optional<Choice> Selection::NextIn(size_t rank, IpFamily family) const {
  const PoolSpace& space = pools_.space(rank);
  const std::string& pool = pools_.pool(rank).name;
  std::optional<Choice> next;
  if (const auto free = space.NextFree(family)) {
    const bool was_used = space.resting().Find(*free) != nullptr;
    next = {{*free, pool},
            was_used ? ChoiceReason::kLeastRecentlyUsed
                     : ChoiceReason::kLowestFree};
  }
  if (terms_.key.empty()) return next;
  const auto shared = view_.shared.FirstToJoin(terms_, family, rank);
  if (!shared || shared->rank != rank) return next;
  const bool comes_first =
      !next || next->reason == ChoiceReason::kLeastRecentlyUsed ||
      std::pair(shared->segment, shared->address) <
          std::pair(*space.SegmentOf(next->held.address), next->held.address);
  if (comes_first) next = {{shared->address, pool}, ChoiceReason::kShared};
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
  for (auto rank = pools_.NextWithFree(gates_, families, 0); rank;
       rank = pools_.NextWithFree(gates_, families, *rank + 1)) {
    if (!WhyClosed(pools_.pool(*rank), request_).empty()) continue;
    first = rank;
    break;
  }
  if (terms_.key.empty()) return first;
  // A pool without a free address may come first through one to share.
  for (size_t from = 0; !first || from < *first;) {
    std::optional<size_t> rank;
    for (const IpFamily family : families) {
      const auto shared = view_.shared.FirstToJoin(terms_, family, from);
      if (shared && (!rank || shared->rank < *rank)) rank = shared->rank;
    }
    if (!rank || (first && *rank >= *first)) break;
    if (pools_.pool(*rank).auto_assign && CanGive(*rank, families)) return rank;
    from = *rank + 1;
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
    if (wish_.count_min == 1 && has_family) return WhyFull(rank, family);
    if (!text.empty()) text += ", ";
    text += !has_family
                ? fmt::format("no {} addresses", net::ToString(family))
                : fmt::format("{} {}", net::ToString(family),
                              NextIn(rank, family) ? "available"
                                                   : WhyFull(rank, family));
  }
  return text;
}

// "full", with the reason if it is not for holders that are well alone.
std::string Selection::WhyFull(size_t rank, IpFamily family) const {
  const PoolSpace& space = pools_.space(rank);
  const PoolUsage& usage = space.usage();
  const bool is_ipv4 = family == IpFamily::kIpv4;
  const absl::uint128 total = is_ipv4 ? usage.total_ipv4 : usage.total_ipv6;
  const absl::uint128 taken = is_ipv4 ? usage.taken_ipv4 : usage.taken_ipv6;
  const std::string whose = WhoseAre(space, family);
  if (taken == total && !whose.empty()) return whose;
  const auto note = view_.notes.find({pools_.pool(rank).name, family});
  std::string text = "full";
  if (!whose.empty() || note != view_.notes.end()) {
    text += fmt::format(": {} addresses", absl::Uint128Low64(total));
    if (!whose.empty()) text += ", " + whose;
    if (note != view_.notes.end()) text += ", " + note->second;
  }
  const auto first = space.resting().First(family);
  const auto end = first ? space.CoolDownEnd(*first) : std::nullopt;
  if (end) {
    text += fmt::format(", {} cools down until {}", first->ToString(),
                        FormatUtc(*end));
  }
  return text;
}

// "172.18.8.11 is n1's own, and 3 more are taken"; empty: none is.
std::string Selection::WhoseAre(const PoolSpace& space, IpFamily family) const {
  const PoolUsage& usage = space.usage();
  const auto first = space.hosts_free().lower_bound(
      family == IpFamily::kIpv4 ? IpAddress::Ipv4(0) : IpAddress::Ipv6(0));
  const absl::uint128 count =
      family == IpFamily::kIpv4 ? usage.taken_ipv4 : usage.taken_ipv6;
  if (count == 0) return "";
  std::string text =
      fmt::format("{} is {}", first->ToString(), view_.taken.at(*first));
  if (count > 1) {
    text += fmt::format(", {} more are taken", absl::Uint128Low64(count - 1));
  }
  return text;
}

}  // namespace

absl::StatusOr<size_t> JudgeAddress(const AllocatorView& view,
                                    const ServiceRequest& request,
                                    const IpAddress& address) {
  const auto refuse = [&](const std::string& why) {
    return ServiceError(absl::StatusCode::kFailedPrecondition, request, why);
  };
  if (const auto why =
          view.bindings.WhyTaken(address, request.service, TermsOf(request))) {
    return ServiceError(absl::StatusCode::kAlreadyExists, request, *why);
  }
  const std::optional<size_t> rank = view.pools.FindByAddress(address);
  if (!rank) {
    return ServiceError(
        absl::StatusCode::kNotFound, request,
        fmt::format("asks for {}, which lies in no pool", address.ToString()));
  }
  const Pool& pool = view.pools.pool(*rank);
  if (const std::string_view why = WhyClosed(pool, request); !why.empty()) {
    return refuse(fmt::format("asks for {} of pool {}: {}", address.ToString(),
                              pool.name, why));
  }
  const std::string_view why = view.pools.space(*rank).WhyWithheld(address);
  if (!why.empty()) {
    return refuse(fmt::format("asks for {}, which pool {} {}",
                              address.ToString(), pool.name, why));
  }
  const std::string* const name = view.pools.ReservedFor(address);
  if (name != nullptr && *name != request.reservation &&
      *name != request.service) {
    return refuse(fmt::format("asks for {}, which pool {} reserves for {}",
                              address.ToString(), pool.name, *name));
  }
  return *rank;
}

absl::Status JudgeTaken(const AllocatorView& view,
                        const ServiceRequest& request, std::string_view pool,
                        const IpAddress& address) {
  const auto taken = view.taken.find(address);
  if (taken == view.taken.end()) return absl::OkStatus();
  return ServiceError(
      absl::StatusCode::kFailedPrecondition, request,
      fmt::format("pool {}: {} is {}, want an address that no host has", pool,
                  address.ToString(), taken->second));
}

absl::StatusOr<std::vector<Choice>> Select(const AllocatorView& view,
                                           const ServiceRequest& request) {
  return Selection(view, request).Run();
}

}  // namespace lb::ipam
