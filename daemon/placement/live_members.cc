#include "daemon/placement/live_members.h"

namespace lb {

std::vector<Elections::LiveMember> LiveMembersOf(
    absl::Span<const gossip::Member> heard, std::string_view left) {
  std::vector<Elections::LiveMember> live;
  for (const gossip::Member& member : heard) {
    if (member.name == left) continue;
    live.push_back({member.name, ParseNodeMetadata(member.meta)});
  }
  return live;
}

}  // namespace lb
