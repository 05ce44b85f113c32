#include "lb/ipam/assignment_queue.h"

#include "lb/base/portion.h"

namespace lb::ipam {

AssignmentQueue::Services AssignmentQueue::Take(
    const ServiceRequests& requests, const Services& followed, bool freed,
    absl::FunctionRef<bool(const ServiceRequest&)> may_free) {
  Services due;
  if (all_after_) AddNextOfAll(requests, due);
  const auto add = [&](const std::string& service) {
    const auto request = requests.find(service);
    if (request == requests.end()) return;
    due.insert(service);
    // It may be about to give up what others want.
    freed = freed || may_free(request->second);
  };
  for (const std::string& service : followed) add(service);
  for (const auto& [service, failure] : std::exchange(failures_, {})) {
    add(service);
  }
  due.insert(wants_to_share_.begin(), wants_to_share_.end());
  if (freed) due.insert(wants_more_.begin(), wants_more_.end());
  for (const std::string& service : due) {
    wants_more_.erase(service);
    wants_to_share_.erase(service);
  }
  std::erase_if(due, [&](const std::string& service) {
    return !requests.contains(service);
  });
  return due;
}

void AssignmentQueue::AddNextOfAll(const ServiceRequests& requests,
                                   Services& due) {
  auto next = requests.upper_bound(*all_after_);
  for (size_t i = 0; i < kPortion && next != requests.end(); ++i) {
    all_after_ = next->first;
    due.insert(due.end(), next->first);
    ++next;
  }
  if (next == requests.end()) all_after_.reset();
}

void AssignmentQueue::OnAssigned(const ServiceRequest& request,
                                 const Assignment& assigned) {
  if (request.family_policy != FamilyPolicy::kPreferDualStack) return;
  if (assigned.addresses.size() >= 2) return;
  (request.sharing_key.empty() ? wants_more_ : wants_to_share_)
      .insert(request.service);
}

void AssignmentQueue::OnFailed(const std::string& service, absl::Status why) {
  failures_[service] = std::move(why);
}

const absl::Status* AssignmentQueue::FailureOf(
    const std::string& service) const {
  const auto failure = failures_.find(service);
  return failure == failures_.end() ? nullptr : &failure->second;
}

}  // namespace lb::ipam
