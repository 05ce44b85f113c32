#include "lb/election/member_index.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lb/base/check.h"

namespace lb::election {
namespace {

bool IsMember(const Cluster& cluster, const std::string& node) {
  return std::binary_search(cluster.members.begin(), cluster.members.end(),
                            node);
}

void Note(Slot slot, const Eligibility& before, const Eligibility& after,
          CandidateDelta& delta) {
  if (before == after) return;
  if (before.is_eligible()) delta.out.push_back(slot);
  if (after.is_eligible()) delta.in.push_back(slot);
}

}  // namespace

std::optional<Slot> MemberIndex::Find(std::string_view node) const {
  const auto found = slots_.find(node);
  if (found == slots_.end()) return std::nullopt;
  return found->second;
}

size_t MemberIndex::AddService(const Cluster& cluster,
                               const EligibilityGroupKey& key) {
  const auto known = numbers_.find(key);
  if (known != numbers_.end()) {
    ++groups_[known->second].services;
    return known->second;
  }
  if (free_numbers_.empty()) {
    free_numbers_.push_back(groups_.size());
    groups_.emplace_back();
  }
  const size_t number = free_numbers_.back();
  free_numbers_.pop_back();
  numbers_.emplace(key, number);
  EligibilityGroup& group = groups_[number];
  group = {.key = key,
           .policy = election::PolicyOf(cluster, key),
           .services = 1,
           .nodes = std::vector<Eligibility>(names_.size())};
  for (const auto& [node, slot] : slots_) {
    group.nodes[slot] = EligibilityOf(cluster, key, node, /*is_member=*/true);
  }
  return number;
}

void MemberIndex::RemoveService(size_t number) {
  EligibilityGroup& group = groups_[number];
  LB_CHECK(group.services > 0);
  if (--group.services > 0) return;
  numbers_.erase(group.key);
  free_numbers_.push_back(number);
  group = EligibilityGroup();
}

Slot MemberIndex::TakeSlot(const std::string& node) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<Slot>(names_.size()));
    names_.emplace_back();
  }
  const Slot slot = free_slots_.back();
  free_slots_.pop_back();
  names_[slot] = node;
  slots_.emplace(node, slot);
  return slot;
}

CandidateDelta MemberIndex::RefreshGroup(const Cluster& cluster,
                                         const std::set<std::string>& nodes,
                                         EligibilityGroup& group) const {
  CandidateDelta delta;
  group.nodes.resize(names_.size());
  for (const std::string& node : nodes) {
    const std::optional<Slot> slot = Find(node);
    if (!slot.has_value()) continue;  // Was no member, and is none.
    Eligibility after;
    if (IsMember(cluster, node)) {
      after = EligibilityOf(cluster, group.key, node, /*is_member=*/true);
    }
    Note(*slot, group.nodes[*slot], after, delta);
    group.nodes[*slot] = std::move(after);
  }
  return delta;
}

std::vector<CandidateDelta> MemberIndex::Refresh(
    const Cluster& cluster, const std::set<std::string>& nodes) {
  for (const std::string& node : nodes) {
    if (IsMember(cluster, node) && !Find(node)) TakeSlot(node);
  }
  std::vector<CandidateDelta> deltas(groups_.size());
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].services == 0) continue;
    deltas[i] = RefreshGroup(cluster, nodes, groups_[i]);
  }
  // Last: a slot in a delta is either one that left or one that came.
  for (const std::string& node : nodes) {
    const std::optional<Slot> slot = Find(node);
    if (!slot.has_value() || IsMember(cluster, node)) continue;
    names_[*slot].clear();
    slots_.erase(node);
    free_slots_.push_back(*slot);
  }
  return deltas;
}

MemberIndex MemberIndex::WithoutGroups() const {
  MemberIndex index;
  index.names_ = names_;
  index.slots_ = slots_;
  index.free_slots_ = free_slots_;
  return index;
}

CandidateDelta DeltaBetween(const std::vector<Eligibility>& before,
                            const std::vector<Eligibility>& after) {
  LB_CHECK(before.size() == after.size());
  CandidateDelta delta;
  for (size_t i = 0; i < before.size(); ++i) {
    Note(static_cast<Slot>(i), before[i], after[i], delta);
  }
  return delta;
}

}  // namespace lb::election
