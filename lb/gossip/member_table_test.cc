#include "lb/gossip/member_table.h"

#include <set>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/member.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {
namespace {

using testing::SizeIs;
using testing::UnorderedElementsAre;
using wire::NodeState;

constexpr absl::Time kStart = absl::UnixEpoch();
constexpr absl::Duration kReapAfter = absl::Seconds(30);

wire::SharedDescription Named(std::string name) {
  return wire::Share({.name = std::move(name)});
}

class MemberTableTest : public testing::Test {
 protected:
  NodeRecord* Add(std::string name, NodeState state = NodeState::kAlive) {
    return table_.Insert({.node = Named(std::move(name)),
                          .since = kStart,
                          .state = state,
                          .verified = true});
  }
  // The names of `count` probes.
  std::vector<std::string> Probe(int count, absl::Time now = kStart) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      const NodeRecord* record = table_.NextToProbe(now, "self", kReapAfter);
      names.push_back(record == nullptr ? "-" : record->name());
    }
    return names;
  }

  static std::set<std::string> NamesOf(const std::vector<NodeRecord*>& list) {
    std::set<std::string> names;
    for (const NodeRecord* const record : list) names.insert(record->name());
    return names;
  }

  MemberTable table_{/*records_max=*/100, Prng(1)};
};

TEST_F(MemberTableTest, ProbesEachOncePerRound) {
  for (const char* name : {"self", "a", "b", "c"}) Add(name);
  for (int round = 0; round < 20; ++round) {
    EXPECT_THAT(Probe(3), UnorderedElementsAre("a", "b", "c"));
  }
}

TEST_F(MemberTableTest, DrawsANewOrderForEachRound) {
  for (const char* name : {"self", "a", "b", "c", "d"}) Add(name);
  std::set<std::vector<std::string>> orders;
  for (int round = 0; round < 50; ++round) orders.insert(Probe(4));
  EXPECT_GT(orders.size(), 10u);
}

TEST_F(MemberTableTest, ProbesTheOnlyOtherEachTime) {
  Add("self");
  Add("a");
  Add("dead", NodeState::kDead);
  for (int i = 0; i < 10; ++i) EXPECT_THAT(Probe(1), UnorderedElementsAre("a"));
}

TEST_F(MemberTableTest, ProbesTheSuspectedAndNotTheGone) {
  Add("self");
  Add("suspect", NodeState::kSuspect);
  Add("dead", NodeState::kDead);
  Add("left", NodeState::kLeft);
  EXPECT_THAT(Probe(2), UnorderedElementsAre("suspect", "suspect"));
}

TEST_F(MemberTableTest, HasNobodyToProbeAlone) {
  EXPECT_THAT(Probe(1), UnorderedElementsAre("-"));
  Add("self");
  EXPECT_THAT(Probe(1), UnorderedElementsAre("-"));
}

TEST_F(MemberTableTest, ForgetsTheGoneAfterARound) {
  Add("self", NodeState::kLeft);
  Add("a");
  Add("dead", NodeState::kDead);
  Add("left", NodeState::kLeft);
  Probe(5, kStart + kReapAfter);
  EXPECT_THAT(table_.records(), SizeIs(4));
  Probe(5, kStart + kReapAfter + absl::Nanoseconds(1));
  EXPECT_THAT(table_.records(), SizeIs(2));
  EXPECT_EQ(table_.Find("dead"), nullptr);
  EXPECT_NE(table_.Find("self"), nullptr);
  EXPECT_EQ(table_.size(), 2u);
}

TEST_F(MemberTableTest, SamplesDifferentWantedOnes) {
  for (int i = 0; i < 50; ++i) Add("n" + std::to_string(i));
  for (int i = 0; i < 50; ++i) {
    std::set<std::string> names;
    for (const NodeRecord* record : table_.Sample(
             3, [](const NodeRecord& r) { return r.name() != "n7"; })) {
      names.insert(record->name());
    }
    EXPECT_THAT(names, SizeIs(3));
    EXPECT_EQ(names.count("n7"), 0u);
  }
}

TEST_F(MemberTableTest, SamplesAllIfFewAreWanted) {
  for (int i = 0; i < 50; ++i) Add("n" + std::to_string(i));
  const auto sample = table_.Sample(3, [](const NodeRecord& record) {
    return record.name() == "n3" || record.name() == "n4";
  });
  EXPECT_THAT(sample, SizeIs(2));
}

TEST_F(MemberTableTest, TheUnverifiedAreApart) {
  Add("self");
  Add("a");
  NodeRecord* const fake = table_.Insert(
      {.node = Named("fake"), .since = kStart, .state = NodeState::kAlive});
  const auto anybody = [](const NodeRecord&) { return true; };
  EXPECT_THAT(Probe(3), UnorderedElementsAre("a", "a", "a"));
  EXPECT_THAT(table_.Sample(3, anybody), SizeIs(2));
  EXPECT_THAT(table_.SampleUnverified(3, anybody), UnorderedElementsAre(fake));
  EXPECT_EQ(table_.size(), 3u);
  table_.SetVerified(*fake, true);
  EXPECT_THAT(Probe(2), UnorderedElementsAre("a", "fake"));
}

TEST_F(MemberTableTest, SamplesUnverifiedOthersOnlyIfNoVerifiedOneMatches) {
  Add("self");
  table_.Insert({.node = Named("new"), .state = NodeState::kAlive});
  const auto any = [](const NodeRecord&) { return true; };
  EXPECT_THAT(NamesOf(table_.SampleOthers(9, "self", any)),
              UnorderedElementsAre("new"));
  Add("a");
  EXPECT_THAT(NamesOf(table_.SampleOthers(9, "self", any)),
              UnorderedElementsAre("a"));
}

TEST_F(MemberTableTest, KnowsWhetherAnotherIsUp) {
  Add("self");
  Add("dead", NodeState::kDead);
  EXPECT_FALSE(table_.HasOtherUp("self"));
  Add("suspect", NodeState::kSuspect);
  EXPECT_TRUE(table_.HasOtherUp("self"));
}

TEST_F(MemberTableTest, ForgetsTheUnverifiedThatAreGone) {
  Add("self");
  for (int i = 0; i < 90; ++i) {
    table_.Insert({.node = Named("fake" + std::to_string(i)),
                   .since = kStart,
                   .state = i < 3 ? NodeState::kAlive : NodeState::kDead});
  }
  Probe(5, kStart + kReapAfter);
  EXPECT_EQ(table_.size(), 91u);
  Probe(2, kStart + kReapAfter + absl::Nanoseconds(1));
  EXPECT_EQ(table_.size(), 4u);
}

// Against sets: no member is lost or doubled.
TEST_F(MemberTableTest, WhoComesAndGoesDisturbsNobody) {
  Prng prng(1);
  std::vector<NodeRecord*> records;
  for (int i = 0; i < 8; ++i) records.push_back(Add(std::to_string(i)));
  for (int step = 0; step < 10000; ++step) {
    NodeRecord* const record = records[prng.Uniform(records.size())];
    table_.SetVerified(*record, !record->verified);
    const std::set<std::string> verified = NamesOf(table_.verified());
    const std::set<std::string> unverified = NamesOf(table_.unverified());
    ASSERT_EQ(verified.size(), table_.verified().size());
    ASSERT_EQ(unverified.size(), table_.unverified().size());
    for (NodeRecord* const each : records) {
      ASSERT_EQ(verified.contains(each->name()), each->verified) << step;
      ASSERT_EQ(unverified.contains(each->name()), !each->verified) << step;
    }
    const auto next = Probe(1);
    if (!verified.empty()) {
      ASSERT_TRUE(table_.Find(next[0])->verified) << step;
    }
  }
}

TEST_F(MemberTableTest, RefusesMoreThanItsMaximum) {
  MemberTable table(2, Prng(1));
  EXPECT_NE(table.Insert({.node = Named("a")}), nullptr);
  EXPECT_NE(table.Insert({.node = Named("b")}), nullptr);
  EXPECT_EQ(table.Insert({.node = Named("c")}), nullptr);
  EXPECT_EQ(table.Find("c"), nullptr);
}

}  // namespace
}  // namespace lb::gossip
