#include "daemon/placement/cluster_view.h"

#include <algorithm>
#include <utility>

#include "daemon/placement/abilities.h"

namespace lb {
namespace {

using election::NodeAttributes;

// Sets all that a member says of itself but its interfaces.
void Apply(const NodeMetadata& metadata, NodeAttributes* node) {
  node->draining = metadata.draining;
  // It would leave an address dark that another node has.
  node->silent = metadata.silent;
  node->holding_down = metadata.holding_down;
}

}  // namespace

void ClusterView::SetMembers(std::vector<LiveMember> live,
                             election::ElectionTable& table) {
  live_ = std::move(live);
  mixed_ = older_ = false;
  bool all_ignore_exclude_label = true;
  std::vector<std::string> names;
  for (const LiveMember& member : live_) {
    names.push_back(member.name);
    mixed_ |= !member.metadata.has_value();
    if (!member.metadata) continue;
    older_ |= !member.metadata->TellsAbilities();
    all_ignore_exclude_label &= member.metadata->ignores_exclude_label;
  }
  table.SetIgnoreExcludeLabel(all_ignore_exclude_label);
  table.SetMembers(names);
  PutNodes(table);
}

void ClusterView::SetNodes(
    Nodes nodes, std::vector<election::L2Advertisement> advertisements,
    election::ElectionTable& table) {
  nodes_ = std::move(nodes);
  advertisements_ = std::move(advertisements);
  PutNodes(table);
}

// All that all members know of each other, and nothing else.
void ClusterView::PutNodes(election::ElectionTable& table) {
  Nodes nodes = nodes_;
  for (const LiveMember& member : live_) {
    if (mixed_ || !member.metadata) continue;
    const auto [it, is_new] = nodes.try_emplace(member.name);
    if (is_new) it->second = election::NodeKnownByName(member.name);
    Apply(*member.metadata, &it->second);
    it->second.usable_interfaces = older_
                                       ? AbilitiesForOlderOf(*member.metadata)
                                       : AbilitiesOf(*member.metadata);
  }
  std::set<std::string, std::less<>> listed;
  for (const auto& [name, node] : nodes) {
    table.PutNode(node);
    listed.insert(name);
    listed_.erase(name);
  }
  for (const std::string& name : listed_) table.RemoveNode(name);
  listed_ = std::move(listed);

  auto advertisements = advertisements_;
  if (mixed_) {
    for (auto& advertisement : advertisements) advertisement.policy.reset();
  }
  table.SetAdvertisements(std::move(advertisements));
  table.SetDefaultPolicy(mixed_ ? election::Policy::kCompat : default_policy_);
}

bool ClusterView::IsLive(std::string_view node) const {
  return std::any_of(live_.begin(), live_.end(),
                     [&](const auto& member) { return member.name == node; });
}

bool ClusterView::IsLbd(std::string_view node) const {
  return std::any_of(live_.begin(), live_.end(), [&](const auto& member) {
    return member.name == node && member.metadata;
  });
}

election::Cluster ClusterView::Only(
    absl::Span<const std::string> members) const {
  election::Cluster cluster;
  cluster.members.assign(members.begin(), members.end());
  cluster.advertisements = advertisements_;
  for (const std::string& name : members) {
    const auto node = nodes_.find(name);
    if (node != nodes_.end()) cluster.nodes.insert(*node);
  }
  return cluster;
}

}  // namespace lb
