// The members that count for a node, as its elections take them.
//
// Pure.
#ifndef LB_DAEMON_PLACEMENT_LIVE_MEMBERS_H_
#define LB_DAEMON_PLACEMENT_LIVE_MEMBERS_H_

#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "daemon/placement/elections.h"
#include "lb/gossip/member.h"

namespace lb {

// `heard`: members that are up and verified, with what each says of itself.
// `left`: the member that has said goodbye and may still be among them, which
// is this node; empty: none has.
std::vector<Elections::LiveMember> LiveMembersOf(
    absl::Span<const gossip::Member> heard, std::string_view left);

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_LIVE_MEMBERS_H_
