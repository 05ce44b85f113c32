#include "daemon/kubernetes/status_records.h"

#include <utility>

namespace lb {

const ServiceRecord* StatusRecords::Find(std::string_view service) const {
  const auto found = records_.find(service);
  return found == records_.end() ? nullptr : &found->second;
}

void StatusRecords::Set(ServiceRecord record) {
  const std::string name = record.name();
  ServiceRecord& known = records_[name];
  EraseClaims(known);
  for (const net::IpAddress& address : record.addresses) {
    claims_[address].insert(name);
  }
  known = std::move(record);
}

void StatusRecords::Erase(std::string_view service) {
  const auto found = records_.find(service);
  if (found == records_.end()) return;
  EraseClaims(found->second);
  records_.erase(found);
}

const StatusRecords::Services& StatusRecords::ClaimantsOf(
    const net::IpAddress& address) const {
  static const Services& none = *new Services();
  const auto found = claims_.find(address);
  return found == claims_.end() ? none : found->second;
}

void StatusRecords::EraseClaims(const ServiceRecord& record) {
  const std::string name = record.name();
  for (const net::IpAddress& address : record.addresses) {
    const auto claimants = claims_.find(address);
    if (claimants == claims_.end()) continue;
    claimants->second.erase(name);
    if (claimants->second.empty()) claims_.erase(claimants);
  }
}

}  // namespace lb
