#include "lb/ipam/holdings.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::ipam {

const Holding* Holdings::Find(std::string_view service) const {
  const auto found = by_service_.find(service);
  return found == by_service_.end() ? nullptr : &found->second;
}

std::vector<std::string> Holdings::HoldersOf(
    const net::IpAddress& address) const {
  std::vector<std::string> names;
  const auto found = holders_.find(address);
  if (found == holders_.end()) return names;
  for (const Node* holder : found->second) names.push_back(holder->first);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> Holdings::WhyTaken(const net::IpAddress& address,
                                              std::string_view service,
                                              const SharingTerms& terms) const {
  const auto found = holders_.find(address);
  if (found == holders_.end()) return std::nullopt;
  const Node* obstacle = nullptr;  // The first by name, so all nodes name it.
  std::string why;
  for (const Node* holder : found->second) {
    if (holder->first == service) continue;
    if (obstacle != nullptr && obstacle->first < holder->first) continue;
    if (auto reason = WhyNotShared(holder->second.terms, terms)) {
      obstacle = holder;
      why = *std::move(reason);
    }
  }
  if (obstacle == nullptr) return std::nullopt;
  return fmt::format("{} is held by {}: {}", address.ToString(),
                     obstacle->first, why);
}

const absl::btree_set<net::IpAddress>& Holdings::SharedWith(
    std::string_view key) const {
  static const absl::btree_set<net::IpAddress> kNone;
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? kNone : found->second;
}

void Holdings::Add(std::string_view service, Holding holding) {
  LB_CHECK(!holding.assignment.addresses.empty());
  const auto [node, is_new] =
      by_service_.emplace(std::string(service), std::move(holding));
  LB_CHECK(is_new);
  for (const AssignedAddress& a : node->second.assignment.addresses) {
    holders_[a.address].push_back(&*node);
    const std::string& key = node->second.terms.key;
    if (!key.empty()) by_key_[key].insert(a.address);
  }
}

Holding Holdings::Remove(std::string_view service) {
  const auto node = by_service_.find(service);
  LB_CHECK(node != by_service_.end());
  for (const AssignedAddress& a : node->second.assignment.addresses) {
    const auto holders = holders_.find(a.address);
    LB_CHECK(holders != holders_.end());
    auto& nodes = holders->second;
    const auto own = std::find(nodes.begin(), nodes.end(), &*node);
    LB_CHECK(own != nodes.end());
    nodes.erase(own);
    if (!nodes.empty()) continue;  // The others have the same key.
    holders_.erase(holders);
    const auto shared = by_key_.find(node->second.terms.key);
    if (shared == by_key_.end()) continue;
    shared->second.erase(a.address);
    if (shared->second.empty()) by_key_.erase(shared);
  }
  Holding holding = std::move(node->second);
  by_service_.erase(node);
  return holding;
}

void Holdings::SetPool(std::string_view service, size_t index,
                       std::string pool) {
  const auto node = by_service_.find(service);
  LB_CHECK(node != by_service_.end());
  node->second.assignment.addresses.at(index).pool = std::move(pool);
}

}  // namespace lb::ipam
