#include "lb/election/ability.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fmt/format.h"

namespace lb::election {
namespace {

constexpr size_t kNamedMax = 6;

net::IpFamilies Without(const net::IpFamilies& a, const net::IpFamilies& b) {
  return {a.ipv4 && !b.ipv4, a.ipv6 && !b.ipv6};
}

// "a, b", with at most kNamedMax names.
std::string Join(const std::vector<std::string>& names) {
  const size_t count = std::min(names.size(), kNamedMax);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + count, ", "));
  if (names.size() > count) {
    text += fmt::format(" and {} more", names.size() - count);
  }
  return text;
}

}  // namespace

std::string_view ProtocolsOf(const net::IpFamilies& families) {
  if (families.ipv4) return families.ipv6 ? "ARP and NDP" : "ARP";
  return families.ipv6 ? "NDP" : "nothing";
}

net::IpFamilies AbilityOn(const InterfaceAbilities& abilities,
                          const std::vector<std::string>& wanted) {
  net::IpFamilies able;
  if (wanted.empty()) {
    for (const auto& [name, families] : abilities.by_name) {
      able = Union(able, families);
    }
    return able;
  }
  for (const std::string& name : wanted) {
    const auto known = abilities.by_name.find(name);
    if (known != abilities.by_name.end()) able = Union(able, known->second);
  }
  return able;
}

std::string DescribeLack(const InterfaceAbilities& abilities,
                         const std::vector<std::string>& wanted,
                         const net::IpFamilies& needed) {
  std::vector<std::string> has;
  for (const auto& [name, families] : abilities.by_name) {
    has.push_back(fmt::format("{} ({})", name, ProtocolsOf(families)));
  }
  if (!abilities.complete) has.push_back("others that are not known");
  const net::IpFamilies lack = Without(needed, AbilityOn(abilities, wanted));
  std::string text =
      fmt::format("wants {} on {}; it has {}", ProtocolsOf(lack),
                  wanted.empty() ? "any interface" : Join(wanted),
                  has.empty() ? "no usable interface" : Join(has));
  if (lack.ipv4 && abilities.undeliverable.ipv4) {
    text += "; its host takes no IPv4 packets for services, or did not lately";
  }
  if (lack.ipv6 && abilities.undeliverable.ipv6) {
    text += "; its host takes no IPv6 packets for services, or did not lately";
  }
  return text;
}

}  // namespace lb::election
