#include "lb/election/election_table.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lb/election/balance.h"

namespace lb::election {
namespace {

std::vector<std::string> Sorted(absl::Span<const std::string> names) {
  std::vector<std::string> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

}  // namespace

void ElectionTable::SetMembers(absl::Span<const std::string> members) {
  std::vector<std::string> sorted = Sorted(members);
  if (sorted == cluster_.members) return;
  std::set_symmetric_difference(
      sorted.begin(), sorted.end(), cluster_.members.begin(),
      cluster_.members.end(),
      std::inserter(changed_nodes_, changed_nodes_.end()));
  cluster_.members = std::move(sorted);
  is_due_ = true;
}

void ElectionTable::PutNode(const NodeAttributes& node) {
  const auto [known, is_new] = cluster_.nodes.try_emplace(node.name, node);
  if (!is_new && known->second == node) return;
  known->second = node;
  changed_nodes_.insert(node.name);
  is_due_ = true;
}

void ElectionTable::RemoveNode(std::string_view name) {
  const auto node = cluster_.nodes.find(name);
  if (node == cluster_.nodes.end()) return;
  changed_nodes_.insert(node->first);
  cluster_.nodes.erase(node);
  is_due_ = true;
}

void ElectionTable::SetAdvertisements(
    std::vector<L2Advertisement> advertisements) {
  if (advertisements == cluster_.advertisements) return;
  cluster_.advertisements = std::move(advertisements);
  is_due_ = has_new_electorates_ = true;
}

void ElectionTable::SetDefaultPolicy(Policy policy) {
  if (policy == cluster_.default_policy) return;
  cluster_.default_policy = policy;
  is_due_ = has_new_electorates_ = true;
}

void ElectionTable::SetIgnoreExcludeLabel(bool ignore) {
  if (ignore == cluster_.ignore_exclude_label) return;
  cluster_.ignore_exclude_label = ignore;
  is_due_ = has_new_electorates_ = true;
}

void ElectionTable::PutVip(const std::string& key, const Vip& vip) {
  const auto known = services_.find(key);
  if (known == services_.end()) {
    services_.emplace(key, Service{.vip = vip,
                                   .subject = vip.address.ToString(),
                                   .endpoints = EndpointRule(vip.traffic)});
    due_keys_.insert(key);
    is_due_ = true;
    return;
  }
  Service& service = known->second;
  if (service.vip == vip) return;
  Vip with_holder = service.vip;
  with_holder.holder = vip.holder;
  if (with_holder == vip) return SetHolder(key, vip.holder);
  if (service.electorate) roll_.Withdraw(*service.electorate);
  service = {.vip = vip,
             .subject = vip.address.ToString(),
             .endpoints = EndpointRule(vip.traffic),
             .placement = std::move(service.placement)};
  due_keys_.insert(key);
  is_due_ = true;
}

void ElectionTable::RemoveVip(std::string_view key) {
  const auto known = services_.find(key);
  if (known == services_.end()) return;
  if (known->second.electorate) roll_.Withdraw(*known->second.electorate);
  changed_keys_.insert(known->first);
  due_keys_.erase(known->first);
  services_.erase(known);
  is_due_ = true;
}

void ElectionTable::SetHolder(std::string_view key,
                              const std::optional<std::string>& holder) {
  const auto known = services_.find(key);
  if (known == services_.end() || known->second.vip.holder == holder) return;
  known->second.vip.holder = holder;
  known->second.is_decided = false;
  due_keys_.insert(known->first);
  is_due_ = true;
}

std::vector<std::string> ElectionTable::Update() {
  if (!is_due_) return {};
  Digester digester;
  if (has_new_electorates_) MoveToNewElectorates(digester);
  const std::vector<Shift> shifts = roll_.Refresh(cluster_, changed_nodes_);
  const bool all = has_new_electorates_ ||
                   std::any_of(shifts.begin(), shifts.end(),
                               [](const Shift& s) { return !s.empty(); });
  if (all) {
    may_balance_ = false;
    for (auto& [key, service] : services_) {
      Settle(key, service, shifts, digester);
    }
  } else {
    for (const std::string& key : due_keys_) {
      Settle(key, services_.find(key)->second, shifts, digester);
    }
  }
  if (may_balance_) DecideBalanced(digester);
  is_due_ = has_new_electorates_ = false;
  due_keys_.clear();
  changed_nodes_.clear();
  const std::set<std::string> changed = std::exchange(changed_keys_, {});
  return {changed.begin(), changed.end()};
}

void ElectionTable::Settle(const std::string& key, Service& service,
                           const std::vector<Shift>& shifts,
                           Digester& digester) {
  if (!service.electorate.has_value()) {
    service.electorate = roll_.Enrol(cluster_, KeyOf(cluster_, service.vip));
    FillFront(service, digester);
  } else {
    ApplyShift(shifts[*service.electorate], service, digester);
  }
  if (IsBalanced(service)) {
    may_balance_ = true;
  } else if (!service.is_decided) {
    Decide(key, service);
  }
}

// Advertisements, or what they mean, are others than before: services are
// ranked by what that changed of the candidates, which mostly is nothing.
void ElectionTable::MoveToNewElectorates(Digester& digester) {
  const Roll before = std::exchange(roll_, roll_.WithoutElectorates());
  std::map<std::pair<size_t, size_t>, Shift> shifts;
  for (auto& [key, service] : services_) {
    if (!service.electorate.has_value()) continue;
    const size_t old = *service.electorate;
    service.electorate = roll_.Enrol(cluster_, KeyOf(cluster_, service.vip));
    const auto [shift, is_new] = shifts.try_emplace({old, *service.electorate});
    if (is_new) {
      shift->second = ShiftBetween(before.ProspectsOf(old),
                                   roll_.ProspectsOf(*service.electorate));
    }
    ApplyShift(shift->second, service, digester);
    service.is_decided = false;  // By another policy, perhaps.
  }
}

void ElectionTable::ApplyShift(const Shift& shift, Service& service,
                               Digester& digester) const {
  if (shift.empty()) return;
  service.is_decided = false;
  for (const Slot slot : shift.out) service.front.Remove(slot);
  for (const Slot slot : shift.in) Offer(service, slot, digester);
  if (service.front.is_exhausted()) FillFront(service, digester);
}

void ElectionTable::FillFront(Service& service, Digester& digester) const {
  service.front = Front();
  ForEachCandidate(service, [&](Slot slot) { Offer(service, slot, digester); });
}

void ElectionTable::Offer(Service& service, Slot slot,
                          Digester& digester) const {
  if (!IsCandidate(service, slot)) return;
  service.front.Offer(ContenderOf(service, slot), [&] {
    return digester.Of(roll_.NameOf(slot), service.subject);
  });
}

const Prospect& ElectionTable::ProspectIn(const Service& service,
                                          Slot slot) const {
  return roll_.ProspectsOf(*service.electorate)[slot];
}

// But for its digest.
Contender ElectionTable::ContenderOf(const Service& service, Slot slot) const {
  const Prospect& prospect = ProspectIn(service, slot);
  return {.slot = slot,
          .draining = prospect.draining,
          .one_family = prospect.one_family,
          .holding_down = prospect.holding_down,
          .score = prospect.score};
}

bool ElectionTable::IsCandidate(const Service& service, Slot slot) const {
  return ProspectIn(service, slot).is_candidate() &&
         service.endpoints.Allows(roll_.NameOf(slot));
}

void ElectionTable::ForEachCandidate(
    const Service& service, absl::FunctionRef<void(Slot)> visit) const {
  if (const std::set<std::string>* nodes = service.endpoints.nodes()) {
    for (const std::string& node : *nodes) {
      const std::optional<Slot> slot = roll_.Find(node);
      if (slot.has_value() && IsCandidate(service, *slot)) visit(*slot);
    }
    return;
  }
  for (Slot slot = 0; slot < roll_.slot_count(); ++slot) {
    if (IsCandidate(service, slot)) visit(slot);
  }
}

std::vector<Contender> ElectionTable::RankAll(const Service& service,
                                              Digester& digester) const {
  std::vector<Contender> ranked;
  ForEachCandidate(service, [&](Slot slot) {
    ranked.push_back(ContenderOf(service, slot));
    ranked.back().digest = digester.Of(roll_.NameOf(slot), service.subject);
  });
  std::sort(ranked.begin(), ranked.end(), Precedes);
  return ranked;
}

bool ElectionTable::IsBalanced(const Service& service) const {
  return roll_.PolicyOf(*service.electorate) == Policy::kBalanced;
}

// REQUIRES: there is a candidate.
std::optional<Slot> ElectionTable::KeepingHolder(const Service& service) const {
  if (!service.vip.holder.has_value()) return std::nullopt;
  const std::optional<Slot> slot = roll_.Find(*service.vip.holder);
  if (!slot.has_value() || !IsCandidate(service, *slot)) return std::nullopt;
  // A last resort keeps nothing while there are others.
  if (IsLastResort(ContenderOf(service, *slot),
                   service.front.contenders().front())) {
    return std::nullopt;
  }
  return slot;
}

void ElectionTable::Decide(const std::string& key, Service& service) {
  const std::vector<Contender>& contenders = service.front.contenders();
  if (contenders.empty()) return Place(key, service, std::nullopt);
  std::optional<Slot> winner;
  if (roll_.PolicyOf(*service.electorate) != Policy::kCompat) {
    winner = KeepingHolder(service);
  }
  Place(key, service, winner.value_or(contenders.front().slot));
}

void ElectionTable::DecideBalanced(Digester& digester) {
  std::vector<Services::iterator> services;
  std::vector<Ballot> ballots;
  for (auto it = services_.begin(); it != services_.end(); ++it) {
    Service& service = it->second;
    if (!IsBalanced(service)) continue;
    if (service.front.contenders().empty()) {
      Place(it->first, service, std::nullopt);
      continue;
    }
    Ballot ballot = {.front = &service.front};
    if (const auto holder = KeepingHolder(service)) {
      ballot.holder = ContenderOf(service, *holder);
      ballot.holder->digest = digester.Of(*service.vip.holder, service.subject);
    }
    ballots.push_back(ballot);
    services.push_back(it);
  }
  if (ballots.empty()) return;
  const std::vector<Slot> winners =
      Balance(ballots, ShareOfBalanced(), roll_.slot_count(),
              [&](size_t i) { return RankAll(services[i]->second, digester); });
  for (size_t i = 0; i < winners.size(); ++i) {
    Place(services[i]->first, services[i]->second, winners[i]);
  }
}

size_t ElectionTable::ShareOfBalanced() const {
  size_t services = 0;
  std::vector<bool> is_candidate(roll_.slot_count());
  std::set<size_t> counted;  // Electorates.
  for (const auto& key_service : services_) {
    const Service& service = key_service.second;
    const std::vector<Contender>& front = service.front.contenders();
    if (!IsBalanced(service) || front.empty()) continue;
    ++services;
    if (service.endpoints.nodes() == nullptr &&
        !counted.insert(*service.electorate).second) {
      continue;
    }
    ForEachCandidate(service, [&](Slot slot) {
      if (!IsLastResort(ContenderOf(service, slot), front.front())) {
        is_candidate[slot] = true;
      }
    });
  }
  return ShareOf(services,
                 static_cast<size_t>(std::count(is_candidate.begin(),
                                                is_candidate.end(), true)));
}

void ElectionTable::Place(const std::string& key, Service& service,
                          std::optional<Slot> winner) {
  service.is_decided = true;
  Placement placement;
  if (winner.has_value()) {
    placement = {roll_.NameOf(*winner), ProspectIn(service, *winner).interfaces,
                 ProspectIn(service, *winner).refresh};
  }
  if (service.placement == placement) return;
  service.placement = std::move(placement);
  changed_keys_.insert(key);
}

}  // namespace lb::election
