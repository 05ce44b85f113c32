#include "lb/ipam/absent_services.h"

#include <utility>

namespace lb::ipam {

void AbsentServices::Remember(ServiceRequest request) {
  std::string service = request.service;
  last_requests_.insert_or_assign(std::move(service), std::move(request));
}

const ServiceRequest* AbsentServices::LastRequest(
    std::string_view service) const {
  if (!since_.contains(service)) return nullptr;
  const auto last = last_requests_.find(service);
  return last == last_requests_.end() ? nullptr : &last->second;
}

void AbsentServices::Note(const std::string& service, const Since& now) {
  since_.try_emplace(service, now);
}

void AbsentServices::Forget(std::string_view service) {
  const auto since = since_.find(service);
  if (since != since_.end()) since_.erase(since);
  const auto last = last_requests_.find(service);
  if (last != last_requests_.end()) last_requests_.erase(last);
}

}  // namespace lb::ipam
