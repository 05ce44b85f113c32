#include "lb/election/roll.h"

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

void Note(Slot slot, const Prospect& before, const Prospect& after,
          Shift& shift) {
  if (before == after) return;
  if (before.is_candidate()) shift.out.push_back(slot);
  if (after.is_candidate()) shift.in.push_back(slot);
}

}  // namespace

std::optional<Slot> Roll::Find(std::string_view node) const {
  const auto found = slots_.find(node);
  if (found == slots_.end()) return std::nullopt;
  return found->second;
}

size_t Roll::Enrol(const Cluster& cluster, const ElectorateKey& key) {
  const auto known = numbers_.find(key);
  if (known != numbers_.end()) {
    ++electorates_[known->second].services;
    return known->second;
  }
  if (free_numbers_.empty()) {
    free_numbers_.push_back(electorates_.size());
    electorates_.emplace_back();
  }
  const size_t number = free_numbers_.back();
  free_numbers_.pop_back();
  numbers_.emplace(key, number);
  Electorate& electorate = electorates_[number];
  electorate = {.key = key,
                .policy = election::PolicyOf(cluster, key),
                .services = 1,
                .prospects = std::vector<Prospect>(names_.size())};
  for (const auto& [node, slot] : slots_) {
    electorate.prospects[slot] =
        ProspectOf(cluster, key, node, /*is_member=*/true);
  }
  return number;
}

void Roll::Withdraw(size_t number) {
  Electorate& electorate = electorates_[number];
  LB_CHECK(electorate.services > 0);
  if (--electorate.services > 0) return;
  numbers_.erase(electorate.key);
  free_numbers_.push_back(number);
  electorate = Electorate();
}

Slot Roll::TakeSlot(const std::string& node) {
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

Shift Roll::RefreshElectorate(const Cluster& cluster,
                              const std::set<std::string>& nodes,
                              Electorate& electorate) const {
  Shift shift;
  electorate.prospects.resize(names_.size());
  for (const std::string& node : nodes) {
    const std::optional<Slot> slot = Find(node);
    if (!slot.has_value()) continue;  // Was no member, and is none.
    Prospect after;
    if (IsMember(cluster, node)) {
      after = ProspectOf(cluster, electorate.key, node, /*is_member=*/true);
    }
    Note(*slot, electorate.prospects[*slot], after, shift);
    electorate.prospects[*slot] = std::move(after);
  }
  return shift;
}

std::vector<Shift> Roll::Refresh(const Cluster& cluster,
                                 const std::set<std::string>& nodes) {
  for (const std::string& node : nodes) {
    if (IsMember(cluster, node) && !Find(node)) TakeSlot(node);
  }
  std::vector<Shift> shifts(electorates_.size());
  for (size_t i = 0; i < electorates_.size(); ++i) {
    if (electorates_[i].services == 0) continue;
    shifts[i] = RefreshElectorate(cluster, nodes, electorates_[i]);
  }
  // Last: a slot in a shift is either one that left or one that came.
  for (const std::string& node : nodes) {
    const std::optional<Slot> slot = Find(node);
    if (!slot.has_value() || IsMember(cluster, node)) continue;
    names_[*slot].clear();
    slots_.erase(node);
    free_slots_.push_back(*slot);
  }
  return shifts;
}

Roll Roll::WithoutElectorates() const {
  Roll roll;
  roll.names_ = names_;
  roll.slots_ = slots_;
  roll.free_slots_ = free_slots_;
  return roll;
}

Shift ShiftBetween(const std::vector<Prospect>& before,
                   const std::vector<Prospect>& after) {
  LB_CHECK(before.size() == after.size());
  Shift shift;
  for (size_t i = 0; i < before.size(); ++i) {
    Note(static_cast<Slot>(i), before[i], after[i], shift);
  }
  return shift;
}

}  // namespace lb::election
