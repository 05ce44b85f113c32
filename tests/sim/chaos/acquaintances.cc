#include "tests/sim/chaos/acquaintances.h"

#include <optional>

#include "daemon/members/node_metadata.h"

namespace lb::chaos {
namespace {

// A MAC that was heard is written a second later. A slow disk takes 3 s for
// that, and as long for a write that has just begun then.
constexpr int kSeenUntilSaved = 9;

std::optional<gossip::Member> Find(const Node& one, const Node& other) {
  const auto member = one.agent->View().gossip().Find(other.name);
  const bool is_other =
      member && member->verified && member->endpoint == other.host->endpoint();
  return is_other ? member : std::nullopt;
}

bool HasHeardMac(const Node& one, const Node& other) {
  const auto member = Find(one, other);
  if (!member) return false;
  const auto metadata = ParseNodeMetadata(member->meta);
  return metadata && metadata->interfaces && !metadata->interfaces->empty();
}

}  // namespace

void Acquaintances::Follow(Stage& stage) {
  const absl::Time now = stage.world().loop().Now();
  for (const auto& one : stage.nodes()) {
    if (one->forgetful && !one->running()) {
      std::erase_if(saved_,
                    [&](const Pair& pair) { return pair.first == one.get(); });
    }
    for (const auto& other : stage.nodes()) {
      const Pair pair = {one.get(), other.get()};
      if (one == other || saved_.contains(pair)) continue;
      const bool writes =
          one->acts() && one->disk_full == 0 && now - one->awake_at > kInterval;
      int& seen = seen_[pair];
      seen = writes && HasHeardMac(*one, *other) ? seen + 1 : 0;
      if (seen >= kSeenUntilSaved) saved_.insert(pair);
    }
  }
}

bool Acquaintances::KnowEachOther(const Node& a, const Node& b) const {
  return Knows({&a, &b}) && Knows({&b, &a});
}

bool Acquaintances::Knows(const Pair& pair) const {
  return saved_.contains(pair) || Find(*pair.first, *pair.second).has_value();
}

}  // namespace lb::chaos
