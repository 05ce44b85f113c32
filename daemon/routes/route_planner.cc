#include "daemon/routes/route_planner.h"

#include <utility>
#include <vector>

#include "lb/base/portion.h"

namespace lb {

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
  all_due_ |= !now.IsLike(*here_);
  here_ = std::move(now);
}

void RoutePlanner::NoteEntries(const Services& changed) {
  due_.insert(changed.begin(), changed.end());
}

void RoutePlanner::SetWithheld(std::set<net::IpAddress> withheld) {
  all_due_ |= withheld != withheld_;
  withheld_ = std::move(withheld);
}

void RoutePlanner::DueAll(const config::Desired& desired) {
  for (const auto& [name, service] : desired.services) due_.insert(name);
  for (const auto& [name, verdict] : verdicts_) due_.insert(name);
}

void RoutePlanner::Update(const config::Desired& desired,
                          const AddressEntries& entries, absl::Time now) {
  if (!here_) return;
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
  if (assignment.addresses.empty()) {
    verdicts_.erase(service);
    return routes_.Withdraw(service);
  }
  NodeAdvertisements::Judgement judged = here_->Judge(*wanted, assignment);
  verdicts_[service] = judged.verdict;
  if (judged.verdict == bgp::AdvertiseVerdict::kAnnounces) {
    routes_.Announce(service, std::move(judged.service));
  } else if (bgp::IsForEndpoints(judged.verdict)) {
    routes_.WithdrawLater(service, judged.service, now);
  } else {
    routes_.Withdraw(service);
  }
}

}  // namespace lb
