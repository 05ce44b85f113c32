#include "daemon/placement/address_index.h"

#include <utility>

#include "lb/base/check.h"

namespace lb {
namespace {

void Erase(const net::IpAddress& address, std::string_view name,
           std::map<net::IpAddress, AddressIndex::Services>& index) {
  const auto services = index.find(address);
  services->second.erase(services->second.find(name));
  if (services->second.empty()) index.erase(services);
}

}  // namespace

void AddressIndex::Put(const std::string& name, Service service) {
  for (const net::IpAddress& address : service.addresses) {
    by_address_[address].insert(name);
  }
  decided_by_[service.vip.address].insert(name);
  LB_CHECK(services_.emplace(name, std::move(service)).second);
}

std::vector<net::IpAddress> AddressIndex::Remove(std::string_view name) {
  const auto found = services_.find(name);
  if (found == services_.end()) return {};
  const Service removed = std::move(found->second);
  services_.erase(found);
  Erase(removed.vip.address, name, decided_by_);
  for (const net::IpAddress& address : removed.addresses) {
    Erase(address, name, by_address_);
  }
  return removed.addresses;
}

AddressIndex::ByName AddressIndex::TakeAll() {
  by_address_.clear();
  decided_by_.clear();
  return std::exchange(services_, {});
}

const AddressIndex::Service* AddressIndex::Find(std::string_view name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : &found->second;
}

const AddressIndex::Services& AddressIndex::At(
    const net::IpAddress& address) const {
  static const auto& none = *new Services();
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? none : found->second;
}

std::vector<std::string> AddressIndex::DecidedBy(
    const net::IpAddress& address) const {
  const auto found = decided_by_.find(address);
  if (found == decided_by_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

void AddressIndex::AddSharers(Services& services) const {
  std::vector<std::string> queue(services.begin(), services.end());
  std::set<net::IpAddress> seen;
  while (!queue.empty()) {
    const Service* const service = Find(queue.back());
    queue.pop_back();
    if (service == nullptr) continue;
    for (const net::IpAddress& address : service->addresses) {
      const Services& sharers = At(address);
      if (sharers.size() < 2 || !seen.insert(address).second) continue;
      for (const std::string& sharer : sharers) {
        if (services.insert(sharer).second) queue.push_back(sharer);
      }
    }
  }
}

AddressIndex::Services AddressIndex::AllSharers() const {
  Services all;
  for (const auto& [address, services] : by_address_) {
    if (services.size() > 1) all.insert(services.begin(), services.end());
  }
  return all;
}

}  // namespace lb
