#include "daemon/routes/route_planner.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lb/base/portion.h"

namespace lb {
namespace {

// Those that an advertisement is for.
std::vector<net::IpAddress> AddressesIn(const bgp::AdvertisedService& service) {
  std::vector<net::IpAddress> addresses;
  for (const bgp::AdvertisedAddress& one : service.addresses) {
    if (!one.advertisements.empty()) addresses.push_back(one.address);
  }
  return addresses;
}

}  // namespace

RoutePlanner::RoutePlanner(NodeIdentity identity)
    : identity_(std::move(identity)) {}

void RoutePlanner::SetDesired(const config::Desired& desired) {
  here_.emplace(desired, identity_);
  all_due_ = true;
}

void RoutePlanner::SetDesired(const config::Desired& desired,
                              const config::Difference& difference) {
  if (!here_) return SetDesired(desired);
  few_due_.insert(difference.services.begin(), difference.services.end());
  if (!difference.bgp && !difference.pools && !difference.cluster) return;
  NodeAdvertisements now(desired, identity_);
  all_due_ |= !now.IsLike(*here_) || now.peers() != here_->peers();
  here_ = std::move(now);
}

void RoutePlanner::NoteEntries(const Services& changed) {
  due_.insert(changed.begin(), changed.end());
}

void RoutePlanner::SetWithheld(std::set<net::IpAddress> withheld) {
  all_due_ |= withheld != withheld_;
  withheld_ = std::move(withheld);
}

const bgp::AdvertisedRoutes::Peers& RoutePlanner::peers() const {
  static const bgp::AdvertisedRoutes::Peers kNone;
  return here_ ? here_->peers() : kNone;
}

// Without advertisements no service needs a look, but those that were announced
// before.
bool RoutePlanner::HasObjects(const config::Desired& desired) const {
  return !desired.bgp.advertisements.empty() || !plans_.empty();
}

void RoutePlanner::DueAll(const config::Desired& desired) {
  for (const auto& [name, service] : desired.services) due_.insert(name);
  for (const auto& [name, plan] : plans_) due_.insert(name);
}

void RoutePlanner::Update(const config::Desired& desired,
                          const AddressEntries& entries, absl::Time now) {
  if (!here_) return;
  // Services that no advertisement reaches have a verdict if there is any.
  const bool advertises = !desired.bgp.advertisements.empty();
  all_due_ |= advertises != std::exchange(advertises_, advertises);
  if (!HasObjects(desired)) {
    all_due_ = false;
    due_.clear();
    few_due_.clear();
  }
  if (std::exchange(all_due_, false)) DueAll(desired);
  routes_.SetPeers(here_->peers());
  routes_.OnTimer(now);
  const Sight sight = {desired, entries, now};
  LookAtFew(sight);
  for (const std::string& service : TakeFirst(kPortion, due_)) {
    LookAt(service, sight);
  }
  routes_.Update();
}

void RoutePlanner::LookAtFew(const Sight& sight) {
  Services few = std::exchange(few_due_, {});
  if (few.size() > kFew) {
    due_.merge(few);
    few.clear();  // The services left there are due already.
  }
  for (const std::string& service : few) {
    due_.erase(service);
    LookAt(service, sight);
  }
  is_urgent_ = routes_.Update();
}

std::optional<ipam::Assignment> RoutePlanner::WithoutWithheld(
    const ipam::Assignment& assignment) const {
  const auto is_withheld = [&](const ipam::AssignedAddress& one) {
    return withheld_.contains(one.address);
  };
  const auto& all = assignment.addresses;
  if (std::none_of(all.begin(), all.end(), is_withheld)) return std::nullopt;
  ipam::Assignment passed = assignment;
  std::erase_if(passed.addresses, is_withheld);
  return passed;
}

void RoutePlanner::LookAt(const std::string& service, const Sight& sight) {
  const auto& [desired, entries, now] = sight;
  auto entry = entries.find(service);
  // As of thousands that are new, until they have their addresses.
  if (entry == entries.end() && !plans_.contains(service)) return;
  const config::Service* const wanted = config::FindService(desired, service);
  if (wanted == nullptr) entry = entries.end();
  std::optional<ipam::Assignment> passed;  // If an address is withheld.
  const ipam::Assignment* assignment = nullptr;
  if (entry != entries.end()) {
    passed = WithoutWithheld(entry->second.assignment);
    assignment = passed ? &*passed : &entry->second.assignment;
  }
  if (assignment == nullptr || assignment->addresses.empty() ||
      desired.bgp.advertisements.empty()) {
    SetPlan(service, std::nullopt);
    return routes_.Withdraw(service);
  }
  NodeAdvertisements::Judgement judged = here_->Judge(*wanted, *assignment);
  const bool announces = judged.verdict == bgp::AdvertiseVerdict::kAnnounces;
  Plan plan = {.verdict = judged.verdict};
  if (announces) {
    plan.addresses = AddressesIn(judged.service);
    plan.peers = here_->PeersOf(judged.service);
  }
  SetPlan(service, std::move(plan));
  if (announces) {
    routes_.Announce(service, std::move(judged.service));
  } else if (bgp::IsForEndpoints(judged.verdict)) {
    routes_.WithdrawLater(service, judged.service, now);
  } else {
    routes_.Withdraw(service);
  }
}

RoutePlanner::Services RoutePlanner::TakeTurned(size_t count) {
  return TakeFirst(count, turned_);
}

RoutePlanner::Services RoutePlanner::TakeRepeered(size_t count) {
  return TakeFirst(count, repeered_);
}

const std::vector<std::string>& RoutePlanner::PeersOf(
    std::string_view service) const {
  static const auto& none = *new std::vector<std::string>();
  const auto known = plans_.find(service);
  return known == plans_.end() ? none : known->second.peers;
}

void RoutePlanner::SetPlan(const std::string& service,
                           std::optional<Plan> plan) {
  static const auto& kNone = *new Plan();
  const auto at = plans_.lower_bound(service);
  const bool is_known = at != plans_.end() && at->first == service;
  NoteChange(service, is_known ? at->second : kNone, plan.value_or(kNone));
  if (is_known && plan) {
    at->second = *std::move(plan);
  } else if (is_known) {
    plans_.erase(at);
  } else if (plan) {
    plans_.emplace_hint(at, service, *std::move(plan));
  }
}

void RoutePlanner::NoteChange(const std::string& service, const Plan& before,
                              const Plan& after) {
  const auto announces = [](const Plan& plan) {
    return plan.verdict == bgp::AdvertiseVerdict::kAnnounces;
  };
  // One that turns twice has not turned.
  if (announces(before) != announces(after) && turned_.erase(service) == 0) {
    turned_.insert(service);
  }
  if (before.peers != after.peers) repeered_.insert(service);
  if (before.addresses != after.addresses) {
    SetAnnounced(before.addresses, after.addresses);
  }
}

void RoutePlanner::SetAnnounced(const std::vector<net::IpAddress>& before,
                                const std::vector<net::IpAddress>& after) {
  for (const net::IpAddress& address : after) {
    if (addresses_.insert(address).second) {
      address_changes_[address] = true;
    } else {
      ++sharers_[address];
    }
  }
  for (const net::IpAddress& address : before) {
    const auto shared = sharers_.find(address);
    if (shared == sharers_.end()) {
      addresses_.erase(address);
      address_changes_[address] = false;
    } else if (--shared->second == 0) {
      sharers_.erase(shared);
    }
  }
}

}  // namespace lb
