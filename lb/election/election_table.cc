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
  is_due_ = has_new_groups_ = true;
}

void ElectionTable::SetDefaultPolicy(Policy policy) {
  if (policy == cluster_.default_policy) return;
  cluster_.default_policy = policy;
  is_due_ = has_new_groups_ = true;
}

void ElectionTable::SetIgnoreExcludeLabel(bool ignore) {
  if (ignore == cluster_.ignore_exclude_label) return;
  cluster_.ignore_exclude_label = ignore;
  is_due_ = has_new_groups_ = true;
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
  if (service.group) index_.RemoveService(*service.group);
  service = {.vip = vip,
             .subject = vip.address.ToString(),
             .endpoints = EndpointRule(vip.traffic),
             .announcers = std::move(service.announcers)};
  due_keys_.insert(key);
  is_due_ = true;
}

void ElectionTable::RemoveVip(std::string_view key) {
  const auto known = services_.find(key);
  if (known == services_.end()) return;
  if (known->second.group) index_.RemoveService(*known->second.group);
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
  if (has_new_groups_) MoveToNewGroups(digester);
  const std::vector<CandidateDelta> deltas =
      index_.Refresh(cluster_, changed_nodes_);
  const bool all = has_new_groups_ || std::any_of(deltas.begin(), deltas.end(),
                                                  [](const CandidateDelta& s) {
                                                    return !s.empty();
                                                  });
  if (all) {
    may_balance_ = false;
    for (auto& [key, service] : services_) {
      Settle(key, service, deltas, digester);
    }
  } else {
    for (const std::string& key : due_keys_) {
      Settle(key, services_.find(key)->second, deltas, digester);
    }
  }
  if (may_balance_) DecideBalanced(digester);
  is_due_ = has_new_groups_ = false;
  due_keys_.clear();
  changed_nodes_.clear();
  const std::set<std::string> changed = std::exchange(changed_keys_, {});
  return {changed.begin(), changed.end()};
}

void ElectionTable::Settle(const std::string& key, Service& service,
                           const std::vector<CandidateDelta>& deltas,
                           Digester& digester) {
  if (!service.group.has_value()) {
    service.group = index_.AddService(cluster_, KeyOf(cluster_, service.vip));
    FillTop(service, digester);
  } else {
    ApplyDelta(deltas[*service.group], service, digester);
  }
  if (IsBalanced(service)) {
    may_balance_ = true;
  } else if (!service.is_decided) {
    Decide(key, service);
  }
}

// Advertisements, or what they mean, are others than before: services are
// ranked by what that changed of the candidates, which mostly is nothing.
void ElectionTable::MoveToNewGroups(Digester& digester) {
  const MemberIndex before = std::exchange(index_, index_.WithoutGroups());
  std::map<std::pair<size_t, size_t>, CandidateDelta> deltas;
  for (auto& [key, service] : services_) {
    if (!service.group.has_value()) continue;
    const size_t old = *service.group;
    service.group = index_.AddService(cluster_, KeyOf(cluster_, service.vip));
    const auto [delta, is_new] = deltas.try_emplace({old, *service.group});
    if (is_new) {
      delta->second = DeltaBetween(before.EligibilityIn(old),
                                   index_.EligibilityIn(*service.group));
    }
    ApplyDelta(delta->second, service, digester);
    service.is_decided = false;  // By another policy, perhaps.
  }
}

void ElectionTable::ApplyDelta(const CandidateDelta& delta, Service& service,
                               Digester& digester) const {
  if (delta.empty()) return;
  service.is_decided = false;
  for (const Slot slot : delta.out) service.top.Remove(slot);
  for (const Slot slot : delta.in) Offer(service, slot, digester);
  if (service.top.is_exhausted()) FillTop(service, digester);
}

void ElectionTable::FillTop(Service& service, Digester& digester) const {
  service.top = TopCandidates();
  ForEachCandidate(service, [&](Slot slot) { Offer(service, slot, digester); });
}

void ElectionTable::Offer(Service& service, Slot slot,
                          Digester& digester) const {
  if (!IsCandidate(service, slot)) return;
  service.top.Offer(CandidateOf(service, slot), [&] {
    return digester.Of(index_.NameOf(slot), service.subject);
  });
}

const Eligibility& ElectionTable::EligibilityOf(const Service& service,
                                                Slot slot) const {
  return index_.EligibilityIn(*service.group)[slot];
}

// But for its digest.
RankedCandidate ElectionTable::CandidateOf(const Service& service,
                                           Slot slot) const {
  const Eligibility& node = EligibilityOf(service, slot);
  return {.slot = slot,
          .draining = node.draining,
          .one_family = node.one_family,
          .holding_down = node.holding_down,
          .score = node.score};
}

bool ElectionTable::IsCandidate(const Service& service, Slot slot) const {
  return EligibilityOf(service, slot).is_eligible() &&
         service.endpoints.Allows(index_.NameOf(slot));
}

void ElectionTable::ForEachCandidate(
    const Service& service, absl::FunctionRef<void(Slot)> visit) const {
  if (const std::set<std::string>* nodes = service.endpoints.nodes()) {
    for (const std::string& node : *nodes) {
      const std::optional<Slot> slot = index_.Find(node);
      if (slot.has_value() && IsCandidate(service, *slot)) visit(*slot);
    }
    return;
  }
  for (Slot slot = 0; slot < index_.slot_count(); ++slot) {
    if (IsCandidate(service, slot)) visit(slot);
  }
}

std::vector<RankedCandidate> ElectionTable::RankAll(const Service& service,
                                                    Digester& digester) const {
  std::vector<RankedCandidate> ranked;
  ForEachCandidate(service, [&](Slot slot) {
    ranked.push_back(CandidateOf(service, slot));
    ranked.back().digest = digester.Of(index_.NameOf(slot), service.subject);
  });
  std::sort(ranked.begin(), ranked.end(), Precedes);
  return ranked;
}

bool ElectionTable::IsBalanced(const Service& service) const {
  return index_.PolicyOf(*service.group) == Policy::kBalanced;
}

// REQUIRES: there is a candidate.
std::optional<Slot> ElectionTable::KeepingHolder(const Service& service) const {
  if (!service.vip.holder.has_value()) return std::nullopt;
  const std::optional<Slot> slot = index_.Find(*service.vip.holder);
  if (!slot.has_value() || !IsCandidate(service, *slot)) return std::nullopt;
  // A last resort keeps nothing while there are others.
  if (IsLastResort(CandidateOf(service, *slot), service.top.ranked().front())) {
    return std::nullopt;
  }
  return slot;
}

void ElectionTable::Decide(const std::string& key, Service& service) {
  const std::vector<RankedCandidate>& ranked = service.top.ranked();
  if (ranked.empty()) return Place(key, service, std::nullopt);
  std::optional<Slot> winner;
  if (index_.PolicyOf(*service.group) != Policy::kCompat) {
    winner = KeepingHolder(service);
  }
  Place(key, service, winner.value_or(ranked.front().slot));
}

void ElectionTable::DecideBalanced(Digester& digester) {
  std::vector<Services::iterator> services;
  std::vector<ServiceToPlace> to_place;
  for (auto it = services_.begin(); it != services_.end(); ++it) {
    Service& service = it->second;
    if (!IsBalanced(service)) continue;
    if (service.top.ranked().empty()) {
      Place(it->first, service, std::nullopt);
      continue;
    }
    ServiceToPlace next = {.top = &service.top};
    if (const auto holder = KeepingHolder(service)) {
      next.holder = CandidateOf(service, *holder);
      next.holder->digest = digester.Of(*service.vip.holder, service.subject);
    }
    to_place.push_back(next);
    services.push_back(it);
  }
  if (to_place.empty()) return;
  const std::vector<Slot> winners =
      Balance(to_place, ShareOfBalanced(), index_.slot_count(),
              [&](size_t i) { return RankAll(services[i]->second, digester); });
  for (size_t i = 0; i < winners.size(); ++i) {
    Place(services[i]->first, services[i]->second, winners[i]);
  }
}

size_t ElectionTable::ShareOfBalanced() const {
  size_t services = 0;
  std::vector<bool> is_candidate(index_.slot_count());
  std::set<size_t> counted;  // Groups.
  for (const auto& key_service : services_) {
    const Service& service = key_service.second;
    const std::vector<RankedCandidate>& top = service.top.ranked();
    if (!IsBalanced(service) || top.empty()) continue;
    ++services;
    if (service.endpoints.nodes() == nullptr &&
        !counted.insert(*service.group).second) {
      continue;
    }
    ForEachCandidate(service, [&](Slot slot) {
      if (!IsLastResort(CandidateOf(service, slot), top.front())) {
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
  Announcers announcers;
  if (winner.has_value()) {
    const Eligibility& eligibility = EligibilityOf(service, *winner);
    announcers.push_back({.node = index_.NameOf(*winner),
                          .interfaces = eligibility.interfaces,
                          .refresh = eligibility.refresh});
  }
  if (service.announcers == announcers) return;
  service.announcers = std::move(announcers);
  changed_keys_.insert(key);
}

}  // namespace lb::election
