#include "daemon/status_view/announcing_interfaces.h"

#include <optional>

#include "daemon/placement/abilities.h"
#include "lb/election/ability.h"

namespace lb {

std::vector<std::string> AnnouncingInterfaces(
    const NodeView& view, const std::string& node,
    const std::vector<std::string>& named, const ipam::Assignment& assignment) {
  if (named.empty()) return named;
  const auto member = view.gossip().Find(node);
  if (!member) return named;
  const auto metadata = ParseNodeMetadata(member->meta);
  const auto abilities = metadata ? AbilitiesOf(*metadata) : std::nullopt;
  if (!abilities) return named;
  std::vector<std::string> able;
  for (const std::string& interface : named) {
    const net::IpFamilies families =
        election::AbilityOn(*abilities, {interface});
    for (const auto& assigned : assignment.addresses) {
      if (!families.IncludesAll(net::FamilyOf(assigned.address))) continue;
      able.push_back(interface);
      break;
    }
  }
  return able.empty() ? named : able;
}

}  // namespace lb
