// Verdicts about single nodes, rule by rule.
#include "daemon/kubernetes/node_failure_judge.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);
const absl::Time kLost = kNow - absl::Milliseconds(1200);

// Nodes n1, n2, ...; the last one died, and all others have lost it.
NodeFailureFacts Dead(int nodes) {
  NodeFailureFacts facts = {.now = kNow,
                            .holds_lease = true,
                            .follows_reports = true,
                            .listed_at = kLost};
  for (int i = 1; i <= nodes; ++i) {
    facts.nodes[fmt::format("n{}", i)] = {
        .exists = true, .is_ready = true, .speaks = true, .answered_at = kNow};
  }
  NodeFact& dead = facts.nodes[fmt::format("n{}", nodes)];
  dead.answered_at = kLost - absl::Minutes(1);
  dead.silent_probes = 2;
  for (int i = 1; i < nodes; ++i) {
    dead.accusers[fmt::format("n{}", i)] = kLost;
  }
  return facts;
}

std::string VerdictOf(const NodeFailureFacts& facts, const std::string& node,
                      int limit = 3) {
  const auto decisions =
      JudgeNodeFailures(facts, {.enabled = true, .limit = limit});
  const auto found = decisions.find(node);
  return found == decisions.end()
             ? ""
             : std::string(ToString(found->second.verdict));
}

struct Case {
  const char* what;
  std::function<void(NodeFailureFacts&)> change;
  const char* verdict;
};

// Each changes one fact about three nodes of which n3 died.
const Case kCases[] = {
    {"all lost it", [](auto&) {}, "Mark"},
    {"one of two lost it",
     [](auto& facts) { facts.nodes["n3"].accusers.erase("n2"); },
     "Unconfirmed"},
    {"one lost it only now",
     [](auto& facts) {
       facts.nodes["n3"].accusers["n2"] = kNow - absl::Milliseconds(900);
     },
     "Waiting"},
    {"the grace is over",
     [](auto& facts) {
       facts.nodes["n3"].accusers["n2"] = kNow - absl::Seconds(1);
     },
     "Mark"},
    {"a node without a speaker lost it",
     [](auto& facts) { facts.nodes["n2"].speaks = false; }, "Limit"},
    {"a node that is not ready lost it",
     [](auto& facts) { facts.nodes["n2"].is_ready = false; }, "Limit"},
    {"no such Node", [](auto& facts) { facts.nodes["n3"].exists = false; },
     "KubernetesKnows"},
    {"not ready", [](auto& facts) { facts.nodes["n3"].is_ready = false; },
     "KubernetesKnows"},
    {"its own node", [](auto& facts) { facts.own_node = "n3"; }, "OwnNode"},
    {"marked for this",
     [](auto& facts) {
       facts.nodes["n3"].marked_at = kLost + absl::Seconds(1);
     },
     "Marked"},
    {"lost before this process followed",
     [](auto& facts) {
       facts.nodes["n3"].accusers["n2"] = absl::InfinitePast();
       facts.nodes["n3"].accusers["n1"] = absl::InfinitePast();
     },
     "Old"},
    {"one of them before",
     [](auto& facts) {
       facts.nodes["n3"].accusers["n1"] = absl::InfinitePast();
     },
     "Mark"},
    {"long ago",
     [](auto& facts) {
       for (auto& [name, since] : facts.nodes["n3"].accusers) {
         since = kNow - kActWithin - absl::Seconds(1);
       }
     },
     "Old"},
    {"this process followed too late",
     [](auto& facts) {
       facts.follows_since = kNow - kFollowFirst + absl::Seconds(1);
     },
     "Starting"},
    {"a probe was answered since",
     [](auto& facts) { facts.nodes["n3"].answered_at = kLost; }, "Alive"},
    {"the last answer was before",
     [](auto& facts) {
       facts.nodes["n3"].answered_at = kLost - absl::Nanoseconds(1);
     },
     "Mark"},
    {"its speaker said something since",
     [](auto& facts) { facts.nodes["n3"].reported_at = kNow; }, "Alive"},
    {"its speaker said something just before",
     [](auto& facts) { facts.nodes["n3"].reported_at = kLost - kSaidWithin; },
     "Alive"},
    {"one probe had no answer yet",
     [](auto& facts) { facts.nodes["n3"].silent_probes = 1; }, "Waiting"},
    {"the Nodes were listed long ago",
     [](auto& facts) { facts.listed_at = kLost - absl::Seconds(11); },
     "Waiting"},
    {"another controller acts", [](auto& facts) { facts.holds_lease = false; },
     "NoLease"},
    {"the reports do not come in",
     [](auto& facts) { facts.follows_reports = false; }, "Isolated"},
    {"one of the others cannot be reached",
     [](auto& facts) {
       facts.nodes["n1"].answered_at = kNow - kReachedFor * 2;
     },
     "Isolated"},
    {"it is this process's own node",
     [](auto& facts) {
       facts.nodes["n1"].answered_at = kNow - kReachedFor * 2;
       facts.own_node = "n1";
     },
     "Mark"},
    {"it came back a moment ago",
     [](auto& facts) {
       facts.nodes["n3"].marked_at = kNow - absl::Seconds(50);
       facts.nodes["n3"].returned_at = kNow - absl::Seconds(40);
     },
     "CoolDown"},
    {"it came back long ago",
     [](auto& facts) {
       facts.nodes["n3"].marked_at = kNow - absl::Seconds(90);
       facts.nodes["n3"].returned_at = kNow - absl::Seconds(80);
     },
     "Mark"},
};

TEST(NodeFailureJudgeTest, EachFactCounts) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.what);
    NodeFailureFacts facts = Dead(3);
    one.change(facts);
    EXPECT_EQ(VerdictOf(facts, "n3"), one.verdict);
  }
}

TEST(NodeFailureJudgeTest, HalfOfTheMembersHaveToConfirm) {
  // So many nodes, the dead one among them, and how many have to confirm.
  for (const auto& [nodes, needed] : std::vector<std::pair<int, int>>{
           {2, 1}, {3, 2}, {4, 2}, {5, 3}, {6, 3}, {7, 4}, {20, 10}}) {
    for (int confirm = 1; confirm < nodes; ++confirm) {
      SCOPED_TRACE(fmt::format("{} of {}", confirm, nodes));
      NodeFailureFacts facts = Dead(nodes);
      const std::string dead = fmt::format("n{}", nodes);
      for (int i = confirm + 1; i < nodes; ++i) {
        facts.nodes[dead].accusers.erase(fmt::format("n{}", i));
      }
      EXPECT_EQ(VerdictOf(facts, dead, /*limit=*/2),
                confirm < needed ? "Unconfirmed" : "Mark");
    }
  }
}

TEST(NodeFailureJudgeTest, TwoNodesNeedALimitOfTwo) {
  EXPECT_EQ(VerdictOf(Dead(2), "n2"), "Limit");
  EXPECT_EQ(VerdictOf(Dead(2), "n2", /*limit=*/2), "Mark");
}

TEST(NodeFailureJudgeTest, HalvesThatLostEachOtherMarkNone) {
  NodeFailureFacts facts = Dead(4);
  for (const char* one : {"n1", "n2"}) {
    for (const char* other : {"n3", "n4"}) {
      facts.nodes[one].accusers[other] = kLost;
      facts.nodes[other].accusers[one] = kLost;
      facts.nodes[other].answered_at = absl::InfinitePast();
      facts.nodes[other].silent_probes = 2;
    }
  }
  facts.nodes["n4"].accusers.erase("n3");
  for (const char* node : {"n1", "n2", "n3", "n4"}) {
    EXPECT_EQ(VerdictOf(facts, node), "Unconfirmed") << node;
  }
}

TEST(NodeFailureJudgeTest, WhatANodeSaysThatLostAllOthersDoesNotCount) {
  NodeFailureFacts facts = Dead(5);
  for (const char* node : {"n1", "n2", "n3", "n4"}) {
    facts.nodes[node].accusers["n5"] = kLost;
  }
  EXPECT_EQ(VerdictOf(facts, "n5"), "Mark");
  facts.nodes["n1"].accusers["n2"] = kLost;
  facts.nodes["n1"].accusers["n3"] = kLost;
  // Three of five, but one of them is n5.
  EXPECT_EQ(VerdictOf(facts, "n1"), "Unconfirmed");
}

TEST(NodeFailureJudgeTest, TheLimitCountsAllThatAreOut) {
  // Two of six died.
  NodeFailureFacts facts = Dead(6);
  NodeFact dead = facts.nodes["n6"];
  dead.accusers.erase("n5");
  facts.nodes["n5"] = facts.nodes["n6"] = dead;
  EXPECT_EQ(VerdictOf(facts, "n5"), "Mark");
  EXPECT_EQ(VerdictOf(facts, "n6"), "Mark");
  EXPECT_EQ(VerdictOf(facts, "n5", /*limit=*/4), "Mark");
  EXPECT_EQ(VerdictOf(facts, "n6", /*limit=*/4), "Limit");

  facts.nodes["n5"].marked_at = kNow;
  EXPECT_EQ(VerdictOf(facts, "n6", /*limit=*/4), "Limit");
  facts.nodes["n5"].accusers.clear();
  facts.nodes["n5"].is_ready = false;
  EXPECT_EQ(VerdictOf(facts, "n6", /*limit=*/4), "Limit");
  facts.nodes["n5"].is_ready = true;
  EXPECT_EQ(VerdictOf(facts, "n6", /*limit=*/4), "Mark");
  facts.nodes["n5"].returned_at = kNow - absl::Seconds(30);
  EXPECT_EQ(VerdictOf(facts, "n6", /*limit=*/4), "Limit");
}

TEST(NodeFailureJudgeTest, SaysWhyItDoesNotAct) {
  NodeFailureFacts facts = Dead(3);
  facts.nodes["n1"].is_ready = false;
  facts.nodes["n3"].accusers = {{"n2", kLost}};
  auto decisions = JudgeNodeFailures(facts, {.enabled = true});
  EXPECT_THAT(decisions.at("n3").why,
              HasSubstr("1 of 3 nodes are out already, and at most 1 may be"));
  facts = Dead(3);
  facts.nodes["n1"].answered_at = facts.nodes["n2"].answered_at =
      absl::InfinitePast();
  decisions = JudgeNodeFailures(facts, {.enabled = true});
  EXPECT_EQ(decisions.at("n3").why,
            "this controller reaches 0 of 2 other nodes itself");
}

TEST(NodeFailureJudgeTest, ProbesOnlyWhileSomethingMayHaveToBeMarked) {
  NodeFailureFacts facts = Dead(3);
  facts.nodes["n3"].silent_probes = 0;
  const NodeFailureOptions options = {.enabled = true};
  EXPECT_THAT(NodesToProbe(facts, JudgeNodeFailures(facts, options)),
              ElementsAre("n1", "n2", "n3"));
  facts.nodes["n3"].answered_at = kNow;
  EXPECT_THAT(NodesToProbe(facts, JudgeNodeFailures(facts, options)),
              IsEmpty());
  facts = Dead(100);
  EXPECT_EQ(NodesToProbe(facts, JudgeNodeFailures(facts, options)).size(),
            kProbedMembersMax + 1);
}

}  // namespace
}  // namespace lb
