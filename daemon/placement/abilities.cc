#include "daemon/placement/abilities.h"

namespace lb {

std::optional<election::InterfaceAbilities> AbilitiesOf(
    const NodeMetadata& metadata) {
  if (!metadata.TellsAbilities()) return std::nullopt;
  election::InterfaceAbilities abilities = {
      .complete = metadata.complete, .undeliverable = metadata.undeliverable};
  for (const AnnouncingInterface& interface : *metadata.interfaces) {
    abilities.by_name[interface.name] = interface.families;
  }
  return abilities;
}

std::optional<election::InterfaceAbilities> AbilitiesForOlderOf(
    const NodeMetadata& metadata) {
  if (!metadata.interfaces || !metadata.older_read_all) return std::nullopt;
  election::InterfaceAbilities abilities;
  for (const AnnouncingInterface& interface : *metadata.interfaces) {
    // Older lbds do not read names that have no MAC.
    if (interface.mac == net::MacAddress{}) continue;
    abilities.by_name[interface.name] = {.ipv4 = true, .ipv6 = true};
  }
  return abilities;
}

}  // namespace lb
