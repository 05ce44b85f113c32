// JudgeNodeFailures against a slow version of its rules, over random facts.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/node_failure_judge.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb {
namespace {

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

// A time that matters to some rule, or is close to one that does.
absl::Time DrawTime(Prng& prng) {
  constexpr int kSteps[] = {0, 1, 2, 3, 4, 10, 12, 30, 31, 61, 200};
  if (prng.Chance(10)) return absl::InfinitePast();
  return kNow - absl::Seconds(kSteps[prng.Uniform(std::size(kSteps))]) +
         absl::Milliseconds(static_cast<int>(prng.Uniform(3)) - 1);
}

NodeFailureFacts DrawFacts(Prng& prng) {
  NodeFailureFacts facts = {.now = kNow,
                            .holds_lease = prng.Chance(80),
                            .follows_reports = prng.Chance(90),
                            .follows_since = DrawTime(prng),
                            .listed_at = DrawTime(prng)};
  const int nodes = 1 + static_cast<int>(prng.Uniform(7));
  if (prng.Chance(30)) facts.own_node = "n0";
  for (int i = 0; i < nodes; ++i) {
    NodeFact& node = facts.nodes[fmt::format("n{}", i)];
    node.exists = prng.Chance(95);
    node.is_ready = prng.Chance(90);
    node.speaks = prng.Chance(95);
    node.reported_at = prng.Chance(80) ? absl::InfinitePast() : DrawTime(prng);
    const bool answers = prng.Chance(60);
    node.answered_at = answers ? kNow : DrawTime(prng);
    node.silent_probes = static_cast<int>(prng.Uniform(4));
    if (prng.Chance(20)) node.marked_at = DrawTime(prng);
    if (prng.Chance(20)) node.returned_at = DrawTime(prng);
    if (prng.Chance(50)) continue;
    for (int by = 0; by < nodes; ++by) {
      if (prng.Chance(20)) continue;
      node.accusers[fmt::format("n{}", by)] =
          prng.Chance(50) ? kNow - absl::Seconds(2) : DrawTime(prng);
    }
  }
  return facts;
}

// The rules as the header has them, one after the other.
class Slow {
 public:
  Slow(const NodeFailureFacts& facts, int limit)
      : facts_(facts), limit_(limit) {}

  // Which nodes may be marked, but for the limit.
  std::set<std::string> Candidates() const {
    std::set<std::string> found;
    for (const auto& [name, node] : facts_.nodes) {
      if (MayMark(name, node)) found.insert(name);
    }
    return found;
  }
  int Allowed() const {
    int speaking = 0;
    for (const auto& [name, node] : facts_.nodes) {
      speaking += node.exists && node.speaks ? 1 : 0;
    }
    return speaking / limit_;
  }
  // Nodes that are certainly out: not ready, marked and still lost, or back
  // lately.
  int Out() const {
    int out = 0;
    for (const auto& [name, node] : facts_.nodes) {
      if (!node.exists || !node.speaks) continue;
      const bool is_marked = node.is_ready && name != facts_.own_node &&
                             Confirms(name).size() >= Needed(name) &&
                             !Confirms(name).empty() &&
                             node.marked_at != absl::InfinitePast() &&
                             node.marked_at >= Since(name);
      const bool is_back = kNow - node.returned_at < kCoolDown;
      out += !node.is_ready || is_marked || is_back ? 1 : 0;
    }
    return out;
  }

 private:
  bool IsMember(const std::string& name) const {
    const NodeFact& node = facts_.nodes.at(name);
    return node.exists && node.is_ready && node.speaks;
  }
  size_t Needed(const std::string& name) const {
    size_t members = IsMember(name) ? 0 : 1;
    for (const auto& [other, node] : facts_.nodes) {
      members += IsMember(other) ? 1 : 0;
    }
    // At least half: twice as many are not fewer than all.
    size_t needed = 0;
    while (2 * needed < members) ++needed;
    return needed;
  }
  std::vector<std::string> Accusers(const std::string& name) const {
    std::vector<std::string> accusers;
    for (const auto& [by, since] : facts_.nodes.at(name).accusers) {
      if (by != name && facts_.nodes.contains(by) && IsMember(by)) {
        accusers.push_back(by);
      }
    }
    return accusers;
  }
  std::vector<std::string> Confirms(const std::string& name) const {
    std::vector<std::string> confirms;
    for (const std::string& by : Accusers(name)) {
      const size_t against = Accusers(by).size();
      if (against == 0 || against < Needed(by)) confirms.push_back(by);
    }
    return confirms;
  }
  // The first moment at which enough of them said so.
  absl::Time Since(const std::string& name) const {
    absl::Time first = absl::InfiniteFuture();
    const auto& accusers = facts_.nodes.at(name).accusers;
    for (const std::string& by : Confirms(name)) {
      const absl::Time at = accusers.find(by)->second;
      size_t count = 0;
      for (const std::string& other : Confirms(name)) {
        count += accusers.find(other)->second <= at ? 1 : 0;
      }
      if (count >= Needed(name)) first = std::min(first, at);
    }
    return first;
  }
  bool MayMark(const std::string& name, const NodeFact& node) const {
    if (!facts_.holds_lease || !facts_.follows_reports) return false;
    if (!node.exists || !node.is_ready || name == facts_.own_node) return false;
    if (Confirms(name).empty() || Confirms(name).size() < Needed(name)) {
      return false;
    }
    const absl::Time since = Since(name);
    if (since == absl::InfinitePast() || kNow - since > kActWithin ||
        kNow - since < absl::Seconds(1) ||
        kNow - facts_.follows_since < kFollowFirst) {
      return false;
    }
    for (const std::string& by : Confirms(name)) {
      const absl::Time at = node.accusers.find(by)->second;
      if (at == absl::InfinitePast()) continue;
      if (node.answered_at >= at || node.reported_at >= at - kSaidWithin) {
        return false;
      }
    }
    if (node.marked_at != absl::InfinitePast() && node.marked_at >= since) {
      return false;
    }
    if (kNow - node.returned_at < kCoolDown || node.silent_probes < 2) {
      return false;
    }
    return facts_.listed_at >= since - kNodesMaxAge && ReachesHalf(name);
  }
  bool ReachesHalf(const std::string& name) const {
    size_t members = 1;
    size_t reached = 0;
    for (const auto& [other, node] : facts_.nodes) {
      if (other == name || !IsMember(other)) continue;
      ++members;
      const bool answers = kNow - node.answered_at <= kReachedFor;
      reached += answers || other == facts_.own_node ? 1 : 0;
    }
    return 2 * reached >= members;
  }

  const NodeFailureFacts& facts_;
  const int limit_;
};

TEST(NodeFailureModelTest, MarksWhatTheSlowRulesMark) {
  int marked = 0;
  int limited = 0;
  for (uint64_t seed = 0; seed < 50'000; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    const NodeFailureFacts facts = DrawFacts(prng);
    const int limit = 2 + static_cast<int>(prng.Uniform(3));
    const auto decisions =
        JudgeNodeFailures(facts, {.enabled = true, .limit = limit});
    std::set<std::string> wanted;
    int marks = 0;
    for (const auto& [name, decision] : decisions) {
      const bool is_marked = decision.verdict == NodeVerdict::kMark;
      marks += is_marked ? 1 : 0;
      if (is_marked || decision.verdict == NodeVerdict::kLimit) {
        wanted.insert(name);
      }
      limited += decision.verdict == NodeVerdict::kLimit ? 1 : 0;
    }
    const Slow slow(facts, limit);
    ASSERT_EQ(wanted, slow.Candidates());
    ASSERT_TRUE(marks == 0 || marks + slow.Out() <= slow.Allowed());
    marked += marks;
  }
  // The facts are not all the same.
  EXPECT_GT(marked, 100);
  EXPECT_GT(limited, 100);
}

}  // namespace
}  // namespace lb
