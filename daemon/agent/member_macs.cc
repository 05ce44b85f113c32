#include "daemon/agent/member_macs.h"

namespace lb {

void MemberMacs::Learn(const std::string& node, const NodeMetadata& metadata) {
  if (!metadata.interfaces) return;
  for (const AnnouncingInterface& interface : *metadata.interfaces) {
    Known& known = nodes_[interface.mac];
    by_age_.erase(known.heard);
    known = {.node = node, .heard = ++learned_};
    by_age_[known.heard] = interface.mac;
    if (nodes_.size() <= macs_max_) continue;
    nodes_.erase(by_age_.begin()->second);
    by_age_.erase(by_age_.begin());
  }
}

std::optional<std::string> MemberMacs::NodeOf(
    const net::MacAddress& mac) const {
  const auto it = nodes_.find(mac);
  if (it == nodes_.end()) return std::nullopt;
  return it->second.node;
}

}  // namespace lb
