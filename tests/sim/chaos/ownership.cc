#include "tests/sim/chaos/ownership.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

namespace lb::chaos {
namespace {

std::vector<net::IpAddress> AddressesOf(Node& node) {
  std::vector<net::IpAddress> addresses;
  for (const net::IpPrefix& prefix :
       node.host->links().Find("eth0")->addresses) {
    if (!prefix.address.is_link_local()) addresses.push_back(prefix.address);
  }
  return addresses;
}

// Says how the node uses an address that it must not use; "" if it does not.
std::string UseOf(Node& node, const net::IpAddress& address) {
  if (node.host->installer().installed().contains({"lo", address})) {
    return "has it on lo";
  }
  return node.agent->View().announcing.Answers(address) ? "answers for it" : "";
}

}  // namespace

std::optional<std::string> Ownership::Follow(Stage& stage, bool is_cut) {
  if (is_cut) cut_at_ = stage.world().loop().Now();
  std::set<std::pair<const Node*, net::IpAddress>> used;
  for (const auto& owner : stage.nodes()) {
    for (const net::IpAddress& address : AddressesOf(*owner)) {
      for (const auto& node : stage.nodes()) {
        if (!node->acts() || UseOf(*node, address).empty()) continue;
        used.insert({node.get(), address});
      }
      if (auto wrong = FollowOwner(stage, *owner, address)) return wrong;
    }
  }
  std::erase_if(since_,
                [&](const auto& entry) { return !used.contains(entry.first); });
  return std::nullopt;
}

std::optional<std::string> Ownership::FollowOwner(
    Stage& stage, const Node& owner, const net::IpAddress& address) {
  const absl::Time now = stage.world().loop().Now();
  for (const auto& node : stage.nodes()) {
    if (!node->acts()) continue;
    const std::string use = UseOf(*node, address);
    if (use.empty()) continue;
    absl::Time& since =
        since_.try_emplace({node.get(), address}, now).first->second;
    since = std::max({since, cut_at_, node->awake_at, owner.awake_at});
    if (!owner.acts()) since = now;
    if (now - since <= bound_) continue;
    return fmt::format("{} is {}'s own, and {} {} for {}", address.ToString(),
                       owner.name, node->name, use,
                       absl::FormatDuration(now - since));
  }
  return std::nullopt;
}

std::optional<std::string> WhoHoldsAHostsAddress(Stage& stage,
                                                 const Node& node) {
  std::set<net::IpAddress> own;
  for (const auto& other : stage.nodes()) {
    own.insert(other->host->address());
  }
  for (const auto& [service, entry] : node.agent->View().entries()) {
    for (const auto& assigned : entry.assignment.addresses) {
      if (!own.contains(assigned.address)) continue;
      return fmt::format("{}: {} has {}, which is a host's own", node.name,
                         service, assigned.address.ToString());
    }
  }
  return std::nullopt;
}

}  // namespace lb::chaos
