#include "lb/announce/member_macs.h"

#include <algorithm>
#include <iterator>

namespace lb::announce {

bool MemberMacs::Learn(const std::string& node,
                       absl::Span<const net::MacAddress> macs) {
  bool changed = false;
  for (const net::MacAddress& mac : macs) changed |= Learn({mac, node});
  return changed;
}

bool MemberMacs::Learn(const MemberMac& member) {
  Known& known = nodes_[member.mac];
  const bool changed = known.node != member.node;
  by_age_.erase(known.heard);
  known = {.node = member.node, .heard = ++learned_};
  by_age_[known.heard] = member.mac;
  if (nodes_.size() > macs_max_) {
    nodes_.erase(by_age_.begin()->second);
    by_age_.erase(by_age_.begin());
  }
  return changed;
}

std::optional<std::string> MemberMacs::NodeOf(
    const net::MacAddress& mac) const {
  const auto it = nodes_.find(mac);
  if (it == nodes_.end()) return std::nullopt;
  return it->second.node;
}

std::vector<MemberMac> MemberMacs::Latest(size_t max) const {
  std::vector<MemberMac> latest;
  const size_t left_out = by_age_.size() - std::min(max, by_age_.size());
  for (auto it = std::next(by_age_.begin(), static_cast<ptrdiff_t>(left_out));
       it != by_age_.end(); ++it) {
    latest.push_back({it->second, nodes_.at(it->second).node});
  }
  return latest;
}

}  // namespace lb::announce
