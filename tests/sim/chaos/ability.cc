#include "tests/sim/chaos/ability.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lb::chaos {
namespace {

// The IPv6 addresses that `node` answers for.
std::set<net::IpAddress> Ipv6AnsweredBy(const Node& node) {
  std::set<net::IpAddress> answered;
  const Announcing& announcing = node.agent->View().announcing;
  for (const auto& [announcement, post] :
       announcing.node().announcer().current()) {
    const net::IpAddress& vip = announcement.vip;
    if (vip.is_ipv6() && announcing.Answers(vip)) answered.insert(vip);
  }
  return answered;
}

}  // namespace

std::optional<std::string> Ability::Follow(Stage& stage) {
  const absl::Time now = stage.world().loop().Now();
  auto before = std::exchange(since_, {});
  for (const auto& node : stage.nodes()) {
    if (!node->acts() || node->without_ipv6 == 0) continue;
    for (const net::IpAddress& vip : Ipv6AnsweredBy(*node)) {
      const auto known = before.find({node.get(), vip});
      const absl::Time since =
          std::max(known == before.end() ? now : known->second, node->awake_at);
      since_.emplace(Answer(node.get(), vip), since);
      if (now - since <= bound_) continue;
      return fmt::format("{} has no IPv6 and answers for {} for {}", node->name,
                         vip.ToString(), absl::FormatDuration(now - since));
    }
  }
  return std::nullopt;
}

}  // namespace lb::chaos
