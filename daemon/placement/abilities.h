// Where a member can announce, by what it says of itself.
//
// Pure functions: every node that has the same metadata has the same answer.
#ifndef LB_DAEMON_PLACEMENT_ABILITIES_H_
#define LB_DAEMON_PLACEMENT_ABILITIES_H_

#include <optional>

#include "daemon/members/node_metadata.h"
#include "lb/election/ability.h"

namespace lb {

// Nullopt: the member does not tell families (an older lbd).
std::optional<election::InterfaceAbilities> AbilitiesOf(
    const NodeMetadata& metadata);

// As an older lbd sees the member: an interface that it names can do both
// families, and a member that does not name all of its interfaces (nullopt) is
// able everywhere. While a live member is an older lbd, all nodes elect by
// this, or two nodes would elect themselves.
std::optional<election::InterfaceAbilities> AbilitiesForOlderOf(
    const NodeMetadata& metadata);

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_ABILITIES_H_
