#include "tests/sim/chaos/strangers.h"

#include <fmt/format.h>

#include <algorithm>

namespace lb::chaos {
namespace {

bool CountsAsMember(const Node& node, const Node& stranger) {
  const auto live = node.agent->View().LiveMembers();
  return std::any_of(live.begin(), live.end(), [&](const auto& member) {
    return member.name == stranger.name;
  });
}

bool IsListed(const Node& node, const Node& stranger) {
  const auto peers = node.agent->View().gossip().Undecryptable();
  return std::any_of(peers.begin(), peers.end(), [&](const auto& peer) {
    return peer.address == stranger.host->address();
  });
}

// Its join list is as old as the process: a lease may have moved the node.
bool Calls(const Node& stranger, const Node& node) {
  return std::find(stranger.join.begin(), stranger.join.end(),
                   node.host->endpoint()) != stranger.join.end();
}

}  // namespace

std::vector<Strangers::Pair> Strangers::PairsOf(Stage& stage) {
  std::vector<const Node*> acting;
  for (const auto& node : stage.nodes()) {
    if (node->acts()) acting.push_back(node.get());
  }
  std::vector<const Node*> strangers = acting;
  if (stage.outsider().running()) strangers.push_back(&stage.outsider());
  std::vector<Pair> pairs;
  for (const Node* node : acting) {
    for (const Node* stranger : strangers) {
      if (!stage.ShareKey(*node, *stranger)) pairs.emplace_back(node, stranger);
    }
  }
  return pairs;
}

std::optional<std::string> Strangers::WhoIsTakenIn(Stage& stage) {
  const absl::Time now = stage.world().loop().Now();
  if (HarmPaths(stage.active())) harmed_at_ = now;
  for (const auto& node : stage.nodes()) {
    if (node->running() &&
        node->agent->View().gossip().Find(stage.outsider().name)) {
      return fmt::format("{} has the outsider as a member", node->name);
    }
  }
  const absl::Duration bound =
      bounds_.detection + bounds_.gossip + bounds_.verification;
  auto before = std::exchange(taken_since_, {});
  for (const Pair& pair : PairsOf(stage)) {
    const auto& [node, stranger] = pair;
    if (!CountsAsMember(*node, *stranger)) continue;
    const auto known = before.find(pair);
    // Where paths were cut, other nodes may still tell what was true before.
    const absl::Time since =
        std::max({known == before.end() ? now : known->second, node->awake_at,
                  stranger->awake_at, harmed_at_ + bounds_.rejoining});
    taken_since_.emplace(pair, since);
    if (now - since <= bound) continue;
    return fmt::format("{} has {} as a member, whose key is another, for {}",
                       node->name, stranger->name,
                       absl::FormatDuration(now - since));
  }
  return std::nullopt;
}

std::optional<std::string> Strangers::WhoIsNotNamed(Stage& stage) {
  const absl::Time now = stage.world().loop().Now();
  auto before = std::exchange(unnamed_since_, {});
  for (const Pair& pair : PairsOf(stage)) {
    const auto& [node, stranger] = pair;
    if (!Calls(*stranger, *node) || IsListed(*node, *stranger)) continue;
    const auto known = before.find(pair);
    const absl::Time since =
        std::max({known == before.end() ? now : known->second, node->awake_at,
                  stranger->awake_at, harmed_at_});
    unnamed_since_.emplace(pair, since);
    if (now - since <= bounds_.call) continue;
    return fmt::format("{} does not name {}, whose key is another, for {}",
                       node->name, stranger->name,
                       absl::FormatDuration(now - since));
  }
  return std::nullopt;
}

}  // namespace lb::chaos
