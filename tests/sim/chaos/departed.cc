#include "tests/sim/chaos/departed.h"

#include <fmt/format.h>

#include <algorithm>

namespace lb::chaos {
namespace {

bool IsHeard(Stage& stage, const Node& node) {
  return std::any_of(stage.nodes().begin(), stage.nodes().end(),
                     [&](const auto& other) {
                       return other.get() != &node && other->acts() &&
                              stage.Reaches(node, *other);
                     });
}

bool IsLossy(const std::vector<Fault>& faults) {
  return std::any_of(faults.begin(), faults.end(), [](const Fault& fault) {
    return fault.kind <= FaultKind::kDuplicate;
  });
}

// As it counts for elections.
std::optional<gossip::Member> FindCounted(const Node& node, const Node& other) {
  const auto member = node.agent->View().gossip().Find(other.name);
  const bool counts = member && member->is_up() && member->verified &&
                      member->endpoint == other.host->endpoint();
  return counts ? member : std::nullopt;
}

}  // namespace

std::optional<std::string> Departed::WhoLivesOn(Stage& stage) {
  const absl::Time now = stage.world().loop().Now();
  FollowSilent(stage);
  for (const auto& [silent, since] : silent_since_) {
    for (const auto& node : stage.nodes()) {
      if (silent_since_.contains(node.get())) continue;
      if (!LivesOn(*node, *silent, now)) continue;
      return fmt::format("{} takes {} for alive, which is silent for {}",
                         node->name, silent->name,
                         absl::FormatDuration(now - since));
    }
  }
  return std::nullopt;
}

void Departed::FollowSilent(Stage& stage) {
  const absl::Time now = stage.world().loop().Now();
  const bool is_lossy = IsLossy(stage.active());
  const bool is_cut = HarmGossip(stage.active());
  for (const auto& node : stage.nodes()) {
    if (!node->acts() || (is_cut && !IsHeard(stage, *node))) {
      silent_since_.try_emplace(node.get(), now);
    } else if (silent_since_.erase(node.get()) > 0) {
      apart_at_[node.get()] = now;
      std::erase_if(terms_, [&](const auto& term) {
        return term.first.second == node.get();
      });
    }
  }
  if (!is_lossy && !is_cut) return;
  for (const auto& node : stage.nodes()) {
    if (is_lossy || !TalksWithAll(stage, *node)) apart_at_[node.get()] = now;
  }
}

bool Departed::TalksWithAll(Stage& stage, const Node& node) const {
  return std::all_of(
      stage.nodes().begin(), stage.nodes().end(), [&](const auto& other) {
        return other.get() == &node || silent_since_.contains(other.get()) ||
               (stage.Reaches(node, *other) && stage.Reaches(*other, node));
      });
}

bool Departed::LivesOn(const Node& node, const Node& silent, absl::Time now) {
  const auto incarnation = [&] {
    const auto member = node.agent->View().gossip().Find(silent.name);
    return member ? member->incarnation : 0;
  };
  auto found = terms_.find({&node, &silent});
  if (found == terms_.end()) {
    found = terms_.emplace(std::pair(&node, &silent), Term{now, incarnation()})
                .first;
  }
  Term& term = found->second;
  term.began = std::max({term.began, node.awake_at, apart_at_[&node]});
  const int score = node.agent->View().gossip().health_score();
  term.unwell = std::max(term.unwell, score);
  if (now - term.began <= bound_ + term.unwell * rounds_) return false;
  const auto member = FindCounted(node, silent);
  if (!member) return false;
  if (member->incarnation <= term.incarnation) return true;
  term = {now, member->incarnation};
  return false;
}

}  // namespace lb::chaos
