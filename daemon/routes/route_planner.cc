#include "daemon/routes/route_planner.h"

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
  due_.insert(difference.services.begin(), difference.services.end());
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
  return !desired.bgp.advertisements.empty() || !verdicts_.empty();
}

void RoutePlanner::DueAll(const config::Desired& desired) {
  for (const auto& [name, service] : desired.services) due_.insert(name);
  for (const auto& [name, verdict] : verdicts_) due_.insert(name);
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
  }
  if (std::exchange(all_due_, false)) DueAll(desired);
  routes_.SetPeers(here_->peers());
  routes_.OnTimer(now);
  for (const std::string& service : TakeFirst(kPortion, due_)) {
    LookAt(service, desired, entries, now);
  }
  routes_.Update();
}

void RoutePlanner::LookAt(const std::string& service,
                          const config::Desired& desired,
                          const AddressEntries& entries, absl::Time now) {
  const config::Service* const wanted = config::FindService(desired, service);
  ipam::Assignment assignment;
  if (wanted != nullptr) assignment.addresses = AddressesOf(entries, service);
  std::erase_if(assignment.addresses, [&](const ipam::AssignedAddress& one) {
    return withheld_.contains(one.address);
  });
  if (assignment.addresses.empty() || desired.bgp.advertisements.empty()) {
    SetVerdict(service, std::nullopt);
    SetAnnounced(service, {});
    SetPeers(service, {});
    return routes_.Withdraw(service);
  }
  NodeAdvertisements::Judgement judged = here_->Judge(*wanted, assignment);
  const bool announces = judged.verdict == bgp::AdvertiseVerdict::kAnnounces;
  SetVerdict(service, judged.verdict);
  SetAnnounced(service, announces ? AddressesIn(judged.service) : Addresses());
  SetPeers(service, announces ? here_->PeersOf(judged.service)
                              : std::vector<std::string>());
  if (announces) {
    routes_.Announce(service, std::move(judged.service));
  } else if (bgp::IsForEndpoints(judged.verdict)) {
    routes_.WithdrawLater(service, judged.service, now);
  } else {
    routes_.Withdraw(service);
  }
}

const std::vector<std::string>& RoutePlanner::PeersOf(
    std::string_view service) const {
  static const auto& none = *new std::vector<std::string>();
  const auto known = peers_of_.find(service);
  return known == peers_of_.end() ? none : known->second;
}

void RoutePlanner::SetPeers(const std::string& service,
                            std::vector<std::string> peers) {
  if (peers == PeersOf(service)) return;
  repeered_.insert(service);
  if (peers.empty()) {
    peers_of_.erase(service);
  } else {
    peers_of_[service] = std::move(peers);
  }
}

void RoutePlanner::SetVerdict(const std::string& service,
                              std::optional<bgp::AdvertiseVerdict> verdict) {
  const auto before = verdicts_.find(service);
  const bool announced = before != verdicts_.end() &&
                         before->second == bgp::AdvertiseVerdict::kAnnounces;
  // One that turns twice has not turned.
  if (announced != (verdict == bgp::AdvertiseVerdict::kAnnounces) &&
      turned_.erase(service) == 0) {
    turned_.insert(service);
  }
  if (verdict) {
    verdicts_[service] = *verdict;
  } else if (before != verdicts_.end()) {
    verdicts_.erase(before);
  }
}

void RoutePlanner::SetAnnounced(const std::string& service,
                                Addresses addresses) {
  const auto before = announced_.find(service);
  if (before == announced_.end() ? addresses.empty()
                                 : addresses == before->second) {
    return;
  }
  for (const net::IpAddress& address : addresses) {
    ++announcing_services_[address];
    addresses_.insert(address);
  }
  if (before != announced_.end()) {
    for (const net::IpAddress& address : before->second) {
      if (--announcing_services_[address] > 0) continue;
      announcing_services_.erase(address);
      addresses_.erase(address);
    }
    announced_.erase(before);
  }
  if (!addresses.empty()) announced_[service] = std::move(addresses);
}

}  // namespace lb
