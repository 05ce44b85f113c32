#include "daemon/hosts/service_addresses.h"

#include <algorithm>
#include <utility>

#include "lb/config/difference.h"

namespace lb {
namespace {

bool Holds(const AddressEntries& entries, const std::string& service,
           const net::IpAddress& address) {
  const auto& held = AddressesOf(entries, service);
  return std::any_of(held.begin(), held.end(), [&](const auto& assigned) {
    return assigned.address == address;
  });
}

bool AsksFor(const config::Desired& desired, const std::string& service,
             const net::IpAddress& address) {
  const config::Service* const found = config::FindService(desired, service);
  if (found == nullptr) return false;
  const auto& asked = found->request.requested_addresses;
  return std::find(asked.begin(), asked.end(), address) != asked.end();
}

std::map<net::IpAddress, std::string> ByAddress(const config::Desired& desired,
                                                const AddressEntries& entries) {
  std::map<net::IpAddress, std::string> services;
  for (const auto& [service, entry] : entries) {
    for (const auto& assigned : entry.assignment.addresses) {
      services.try_emplace(assigned.address, service);
    }
  }
  for (const auto& [name, service] : desired.services) {
    for (const net::IpAddress& asked : service.request.requested_addresses) {
      services.try_emplace(asked, name);
    }
  }
  return services;
}

}  // namespace

bool ServiceAddresses::Round::Contains(const net::IpAddress& address) {
  if (!services_) services_ = ByAddress(*desired_, *entries_);
  const auto found = services_->find(address);
  const bool is_found = found != services_->end();
  owner_->answers_[address] = is_found ? found->second : "";
  return is_found;
}

ServiceAddresses::Round ServiceAddresses::Ask(const config::Desired& desired,
                                              const AddressEntries& entries) {
  answers_.clear();
  changed_.clear();
  return {*this, desired, entries};
}

bool ServiceAddresses::Update(const config::Desired& desired,
                              const AddressEntries& entries) {
  const auto changed = std::exchange(changed_, {});
  if (changed.empty()) return false;
  return std::any_of(answers_.begin(), answers_.end(), [&](const auto& answer) {
    const auto& [address, known] = answer;
    if (!known.empty()) return changed.contains(known);
    return std::any_of(changed.begin(), changed.end(),
                       [&, address = address](const std::string& service) {
                         return Holds(entries, service, address) ||
                                AsksFor(desired, service, address);
                       });
  });
}

}  // namespace lb
