#include "lb/ipam/wanted_services.h"

#include <optional>
#include <utility>

#include "lb/base/portion.h"

namespace lb::ipam {

// Goes through both in order, since there may be many.
WantedChange WantedServices::ChangeTo(Wanted next) const {
  WantedChange change = {.may_exist = std::move(next.may_exist)};
  if (next.pools != wanted_.pools) change.pools = std::move(next.pools);
  auto before = wanted_.requests.begin();
  for (auto& [service, request] : next.requests) {
    for (; before != wanted_.requests.end() && before->first < service;
         ++before) {
      change.requests[before->first] = std::nullopt;
    }
    const bool is_known =
        before != wanted_.requests.end() && before->first == service;
    if (!is_known || before->second != request) {
      change.requests[service] = std::move(request);
    }
    if (is_known) ++before;
  }
  for (; before != wanted_.requests.end(); ++before) {
    change.requests[before->first] = std::nullopt;
  }
  return change;
}

bool WantedServices::Change(WantedChange change) {
  if (!change.pools && change.requests.empty() &&
      change.may_exist == wanted_.may_exist) {
    return false;
  }
  wanted_.may_exist = std::move(change.may_exist);
  if (change.pools) wanted_.pools = *std::move(change.pools);
  for (auto& [service, request] : change.requests) {
    const auto known = wanted_.requests.find(service);
    if (known == wanted_.requests.end()) {
      new_.insert(service);
      if (request) wanted_.requests.emplace(service, *std::move(request));
      continue;
    }
    touched_.insert(service);
    if (request) {
      known->second = *std::move(request);
    } else {
      absent_.Remember(std::move(known->second));
      wanted_.requests.erase(known);
    }
  }
  return true;
}

const ServiceRequest* WantedServices::Find(std::string_view service) const {
  const auto wanted = wanted_.requests.find(service);
  return wanted == wanted_.requests.end() ? nullptr : &wanted->second;
}

const ServiceRequest* WantedServices::FindLast(std::string_view service) const {
  const ServiceRequest* const wanted = Find(service);
  return wanted != nullptr ? wanted : absent_.LastRequest(service);
}

WantedServices::Services WantedServices::TakeTouched(size_t count) {
  Services touched = TakeFirst(count, touched_);
  touched.merge(TakeFirst(count - touched.size(), new_));
  return touched;
}

void WantedServices::NoteHolding(const std::string& service, bool holds,
                                 const AbsentServices::Since& now) {
  if (holds && !Wants(service)) {
    absent_.Note(service, now);
  } else {
    absent_.Forget(service);
  }
}

}  // namespace lb::ipam
