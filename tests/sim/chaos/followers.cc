#include "tests/sim/chaos/followers.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/chaos/bounds.h"
#include "tests/sim/chaos/fault.h"

namespace lb::chaos {
namespace {

// The last round before kFirstRounds is over.
constexpr absl::Duration kLastRound = absl::Seconds(5);
constexpr absl::Duration kRoundMargin = absl::Milliseconds(300);
// The owner's ClaimOptions::insist_interval, and the time between two looks.
constexpr absl::Duration kLastWord = absl::Milliseconds(1200);

}  // namespace

std::optional<std::string> Followers::WhoIsAstray(Stage& stage,
                                                  const Answering& answering) {
  const absl::Time now = stage.world().loop().Now();
  for (const Fault& fault : stage.active()) {
    if (!IsStatic(fault.kind) && fault.kind != FaultKind::kCutGossip) {
      unheard_at_ = now;
    }
  }
  std::optional<std::string> wrong;
  for (const auto& [vip, nodes] : answering) {
    const auto heard = HeardAt(vip, nodes, now);
    if (!heard) continue;
    for (const auto& client : stage.clients()) {
      const auto known = client->Neighbour(vip);
      if (!known || *known == nodes[0]->host->mac()) {
        astray_since_.erase({client.get(), vip});
        continue;
      }
      const auto since =
          astray_since_.try_emplace({client.get(), vip}, now).first->second;
      if (wrong || now - std::max(since, *heard) <= kLastWord) continue;
      wrong = fmt::format("{} takes {} for {}, which {} has announced",
                          client->host().name(), known->ToString(),
                          vip.ToString(), nodes[0]->name);
    }
  }
  ForgetTheSilent(answering);
  return wrong;
}

std::optional<absl::Time> Followers::HeardAt(const net::IpAddress& vip,
                                             const std::vector<Node*>& nodes,
                                             absl::Time now) {
  for (const Node* node : nodes) answers_since_.try_emplace({vip, node}, now);
  const auto alone = alone_since_.try_emplace(vip, nodes[0], now).first;
  if (nodes.size() > 1 || alone->second.first != nodes[0]) {
    alone->second = {nodes[0], now};
    return std::nullopt;
  }
  const absl::Time last_round = answers_since_.at({vip, nodes[0]}) + kLastRound;
  const bool is_heard =
      std::max(unheard_at_, alone->second.second) + kRoundMargin < last_round;
  const absl::Time heard = last_round + kFirstRounds;
  if (!is_heard || now < heard) return std::nullopt;
  return heard;
}

void Followers::ForgetTheSilent(const Answering& answering) {
  std::erase_if(alone_since_, [&](const auto& entry) {
    return !answering.contains(entry.first);
  });
  std::erase_if(answers_since_, [&](const auto& entry) {
    const auto& [vip, node] = entry.first;
    // A node that was stopped does not begin again when it goes on.
    return !node->running() || !node->agent->View().announcing.Answers(vip);
  });
}

}  // namespace lb::chaos
