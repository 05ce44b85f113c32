#include "lb/ipam/resting_addresses.h"

#include "absl/numeric/int128.h"
#include "lb/base/check.h"
#include "lb/net/ip_families.h"

namespace lb::ipam {

using net::FamilyIndex;

void RestingAddresses::Insert(const net::IpAddress& address, Rest rest) {
  in_order_[FamilyIndex(address.family())].emplace(rest.freed_at, address);
  LB_CHECK(by_address_.emplace(address, std::move(rest)).second);
}

bool RestingAddresses::Erase(const net::IpAddress& address) {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return false;
  in_order_[FamilyIndex(address.family())].erase(
      {found->second.freed_at, address});
  by_address_.erase(found);
  return true;
}

const Rest* RestingAddresses::Find(const net::IpAddress& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : &found->second;
}

std::optional<net::IpAddress> RestingAddresses::First(
    net::IpFamily family) const {
  const auto& in_order = in_order_[FamilyIndex(family)];
  if (in_order.empty()) return std::nullopt;
  return in_order.begin()->second;
}

std::optional<absl::Time> RestingAddresses::NextFreedAfter(
    absl::Time time, net::IpFamily family) const {
  const auto& in_order = in_order_[FamilyIndex(family)];
  const auto next = in_order.upper_bound(
      {time, net::IpAddress::Ipv6(absl::Uint128Max())});  // The last of all.
  if (next == in_order.end()) return std::nullopt;
  return next->first;
}

}  // namespace lb::ipam
