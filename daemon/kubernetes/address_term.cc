#include "daemon/kubernetes/address_term.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/portion.h"

namespace lb {
namespace {

using ipam::AssignedAddress;
using ipam::Assignment;
using ipam::EventReason;
using ipam::ServiceEvent;
using ipam::ServiceRequest;

// A service's name has one slash, so no service has this one.
std::string DepartingName(std::string_view service,
                          const net::IpAddress& address) {
  return fmt::format("{}/{}", service, address.ToString());
}

bool Contains(const std::vector<net::IpAddress>& addresses,
              const net::IpAddress& address) {
  return std::find(addresses.begin(), addresses.end(), address) !=
         addresses.end();
}

// All that a record tells of what its service asks for.
ServiceRequest RequestOf(const ServiceRecord& record) {
  return {.service = record.name(),
          .service_namespace = record.meta.key.name_space,
          .sharing_key = record.sharing_key};
}

bool GivesUp(const std::vector<ServiceEvent>& events) {
  return std::any_of(events.begin(), events.end(), [](const ServiceEvent& e) {
    return e.reason == EventReason::kClearAssignment;
  });
}

}  // namespace

void AddressTerm::SetPools(const std::vector<ipam::Pool>& pools) {
  const absl::Status status = allocator_.SetPools(pools);
  LB_CHECK(status.ok());  // A Desired's pools are valid together.
  OnFreed();
}

void AddressTerm::SetTaken(const ipam::TakenAddresses& taken) {
  if (taken == allocator_.taken()) return;
  allocator_.SetTaken(taken);
  OnFreed();
}

void AddressTerm::Want(const ServiceRequest& request,
                       const ServiceRecord* record) {
  const std::string& service = request.service;
  reserved_.erase(service);
  requests_[service] = request;
  const bool has_addresses = record != nullptr && !record->addresses.empty();
  if (!has_addresses || allocator_.Find(service)) {
    if (!restored_from_.contains(service)) due_.insert(service);
    return;
  }
  // Its precedence is that of the first record which was seen.
  const auto [known, is_new] = restored_from_.try_emplace(service, *record);
  restoring_.insert(
      {known->second.pool.empty(), known->second.created, service});
}

void AddressTerm::Reserve(const ServiceRecord& record) {
  const std::string service = record.name();
  Drop(service);
  const Addresses before = TakeAll(service);
  Addresses kept = Find(service).addresses;
  const size_t unsaid = std::erase_if(kept, [&](const AssignedAddress& held) {
    return !Contains(record.addresses, held.address);
  });
  if (unsaid > 0) {
    allocator_.Forget(service);
    Restore(RequestOf(record), kept);
  }
  // A write of the others may be under way.
  Depart(service, before);
  reserved_[service] = record;
  must_reserve_ = true;
}

void AddressTerm::Release(std::string_view service) {
  Drop(service);
  allocator_.Release(service);
  for (const AssignedAddress& held : TakeDeparting(service)) {
    NoteFreed(service, held);
  }
  OnFreed();
}

void AddressTerm::Withdraw(const ServiceRecord& record) {
  const std::string service = record.name();
  Drop(service);
  Addresses before = Find(service).addresses;
  const Addresses said = record.Assigned();
  before.insert(before.end(), said.begin(), said.end());
  allocator_.Release(service);
  Depart(service, before);
  OnFreed();
}

void AddressTerm::Drop(std::string_view service) {
  const auto forget = [&](auto& container) {
    const auto found = container.find(service);
    if (found != container.end()) container.erase(found);
  };
  const auto record = restored_from_.find(service);
  if (record != restored_from_.end()) {
    restoring_.erase({record->second.pool.empty(), record->second.created,
                      std::string(service)});
  }
  forget(restored_from_);
  forget(requests_);
  forget(reserved_);
  forget(due_);
  forget(failures_);
  forget(wants_more_);
}

void AddressTerm::OnStatus(std::string_view service,
                           const std::vector<net::IpAddress>& addresses) {
  Addresses departing = TakeDeparting(service);
  const size_t ended =
      std::erase_if(departing, [&](const AssignedAddress& held) {
        const bool is_said = Contains(addresses, held.address);
        if (!is_said) NoteFreed(service, held);
        return !is_said;
      });
  Depart(service, departing);
  if (ended > 0) OnFreed();
}

void AddressTerm::ReturnTo(const ServiceRecord& record) {
  const std::string service = record.name();
  const auto request = requests_.find(service);
  if (request == requests_.end() || record.addresses.empty()) return;
  if (Says(record, Find(service))) return;
  // No status had what it gives back, so that need not cool down.
  allocator_.Forget(service);
  const Addresses departing = TakeDeparting(service);
  Restore(request->second, record.Assigned());
  Depart(service, departing);
  OnFreed();
}

void AddressTerm::Yield(const ServiceRecord& record,
                        const ServiceRecord& other) {
  const std::string service = record.name();
  const auto request = requests_.find(service);
  if (request == requests_.end()) return;
  allocator_.Forget(service);
  const Addresses departing = TakeDeparting(service);
  Restore(request->second, record.Assigned());
  Depart(service, departing);
  // Not by Keep(), which may refuse what a status says: then the service would
  // get the same address again.
  Depart(other.name(), other.Assigned());
  due_.insert(service);
  OnFreed();
}

std::vector<AddressTerm::Result> AddressTerm::AssignDue(absl::Time civil_now) {
  const bool cooled = allocator_.NextCoolDownEnd() <= civil_now;
  allocator_.AdvanceTo(civil_now);
  if (cooled) OnFreed();
  std::vector<Result> results;
  RestoreDue(kPortion, &results);
  if (!restoring_.empty()) return results;
  if (std::exchange(must_reserve_, false)) ReserveAll();
  for (const std::string& service : TakeFirst(kPortion, due_)) {
    const auto request = requests_.find(service);
    if (request != requests_.end()) {
      results.push_back(Assign(request->second));
    }
  }
  return results;
}

bool AddressTerm::IsDue(std::string_view service) const {
  return due_.contains(service) ||
         restored_from_.find(service) != restored_from_.end();
}

Assignment AddressTerm::Find(std::string_view service) const {
  return allocator_.Find(service).value_or(Assignment());
}

std::vector<ServiceEvent> AddressTerm::Restore(const ServiceRequest& request,
                                               const Addresses& addresses) {
  std::vector<ServiceEvent> events;
  Addresses kept;
  for (const AssignedAddress& address : addresses) {
    kept.push_back(address);
    const absl::Status status = allocator_.Keep(request, kept);
    if (status.ok()) continue;
    kept.pop_back();
    events.push_back({EventReason::kClearAssignment,
                      fmt::format("gives up {}: {}", address.address.ToString(),
                                  std::string(status.message()))});
  }
  return events;
}

void AddressTerm::RestoreDue(size_t portion, std::vector<Result>* results) {
  for (; portion > 0 && !restoring_.empty(); --portion) {
    const std::string service =
        std::get<2>(restoring_.extract(restoring_.begin()).value());
    const auto record = restored_from_.extract(service);
    const auto request = requests_.find(service);
    if (request == requests_.end()) continue;
    due_.insert(service);
    const Addresses departing = TakeDeparting(service);
    std::vector<ServiceEvent> events =
        Restore(request->second, record.mapped().Assigned());
    Depart(service, departing);
    if (events.empty()) continue;
    results->push_back({service, absl::OkStatus(), std::move(events)});
  }
}

void AddressTerm::ReserveAll() {
  for (const auto& [service, record] : reserved_) {
    const Addresses before = TakeAll(service);
    // An address that services hold which share with it needs no second holder.
    Restore(RequestOf(record), record.Assigned());
    Depart(service, before);
  }
}

AddressTerm::Result AddressTerm::Assign(const ServiceRequest& request) {
  const std::string& service = request.service;
  // It may have again what it was giving up.
  const Addresses before = TakeAll(service);
  ipam::Decision decision = allocator_.Decide(request);
  const auto assigned = allocator_.Assign(request);
  Depart(service, before);
  wants_more_.erase(service);
  if (!assigned.ok()) {
    const std::string why(assigned.status().message());
    if (std::exchange(failures_[service], why) == why) decision.events.clear();
    return {service, assigned.status(), std::move(decision.events)};
  }
  failures_.erase(service);
  if (request.family_policy == ipam::FamilyPolicy::kPreferDualStack &&
      assigned->addresses.size() < 2) {
    wants_more_.insert(service);
  }
  // An address that it shared is free for services that share with the rest.
  if (GivesUp(decision.events)) OnFreed();
  return {service, absl::OkStatus(), std::move(decision.events)};
}

void AddressTerm::Depart(std::string_view service, const Addresses& before) {
  for (const AssignedAddress& held : before) {
    // While others hold it, only those that share it with them can get it.
    if (!allocator_.HoldersOf(held.address).empty()) continue;
    const absl::Status kept = allocator_.Keep(
        {.service = DepartingName(service, held.address)}, {held});
    LB_CHECK(kept.ok());  // It has no holder.
    departing_[std::string(service)].push_back(held);
  }
}

AddressTerm::Addresses AddressTerm::TakeDeparting(std::string_view service) {
  const auto found = departing_.find(service);
  if (found == departing_.end()) return {};
  Addresses departing = std::move(found->second);
  departing_.erase(found);
  for (const AssignedAddress& held : departing) {
    allocator_.Forget(DepartingName(service, held.address));
  }
  return departing;
}

AddressTerm::Addresses AddressTerm::TakeAll(std::string_view service) {
  Addresses all = TakeDeparting(service);
  const Assignment held = Find(service);
  all.insert(all.end(), held.addresses.begin(), held.addresses.end());
  return all;
}

void AddressTerm::NoteFreed(std::string_view service,
                            const AssignedAddress& held) {
  allocator_.Remember(held.address, {allocator_.now(), std::string(service)});
}

void AddressTerm::OnFreed() {
  if (!reserved_.empty()) must_reserve_ = true;
  for (const auto& [service, why] : failures_) due_.insert(service);
  due_.insert(wants_more_.begin(), wants_more_.end());
}

}  // namespace lb
