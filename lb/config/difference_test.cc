#include "lb/config/difference.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_range.h"

namespace lb::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Desired WithServices(const std::vector<std::string>& names) {
  Desired desired;
  for (const std::string& name : names) {
    desired.services[name].request.service = name;
  }
  return desired;
}

TEST(DifferenceTest, OfTheSameIsNothing) {
  const Desired desired = WithServices({"a/1", "a/2"});
  EXPECT_EQ(DifferenceOf(desired, desired), Difference());
  EXPECT_EQ(DifferenceOf({}, {}), Difference());
}

TEST(DifferenceTest, NamesServicesThatCameAndWent) {
  EXPECT_THAT(DifferenceOf(WithServices({"a/1", "a/3", "a/5"}),
                           WithServices({"a/0", "a/3", "a/4"}))
                  .services,
              ElementsAre("a/0", "a/1", "a/4", "a/5"));
  EXPECT_THAT(DifferenceOf({}, WithServices({"a/1"})).services,
              ElementsAre("a/1"));
  EXPECT_THAT(DifferenceOf(WithServices({"a/1"}), {}).services,
              ElementsAre("a/1"));
}

TEST(DifferenceTest, NamesServicesThatAskForSomethingElse) {
  const Desired before = WithServices({"a/1", "a/2", "a/3"});
  Desired now = before;
  now.services["a/1"].request.sharing_key = "k";
  now.services["a/2"].traffic.endpoints.emplace();
  const Difference difference = DifferenceOf(before, now);
  EXPECT_THAT(difference.services, ElementsAre("a/1", "a/2"));
  EXPECT_FALSE(difference.pools);
  EXPECT_FALSE(difference.cluster);
}

TEST(DifferenceTest, TellsPoolsFromTheCluster) {
  Desired pools;
  pools.pools.push_back({.name = "p"});
  Desired labels;
  labels.pool_labels["p"] = {{"a", "b"}};
  for (const Desired& now : {pools, labels}) {
    EXPECT_TRUE(DifferenceOf({}, now).pools);
    EXPECT_FALSE(DifferenceOf({}, now).cluster);
  }
  Desired advertisements;
  advertisements.advertisements.push_back({.name = "all"});
  Desired nodes;
  nodes.nodes["n1"] = {};
  for (const Desired& now : {advertisements, nodes}) {
    EXPECT_FALSE(DifferenceOf({}, now).pools);
    EXPECT_TRUE(DifferenceOf({}, now).cluster);
    EXPECT_THAT(DifferenceOf({}, now).services, IsEmpty());
  }
}

TEST(DifferenceTest, HasNewProblemsAndWhetherOthersMayBeDefined) {
  const Problem old = {{"a.yaml", 1}, "Node/n", "", "old"};
  const Problem added = {{"a.yaml", 2}, "Node/m", "", "new"};
  Desired before, now;
  before.problems = {old};
  now.problems = {old, added};
  now.may_define.services = {"a/1"};
  EXPECT_EQ(DifferenceOf(before, now),
            (Difference{.may_define = true, .new_problems = {added}}));
  EXPECT_EQ(DifferenceOf(now, before), (Difference{.may_define = true}));
}

TEST(DifferenceTest, FindsServicesByName) {
  const Desired desired = WithServices({"a/1", "a/3"});
  EXPECT_EQ(FindService(desired, "a/3"), &desired.services.at("a/3"));
  EXPECT_EQ(FindService(desired, "a/2"), nullptr);
  EXPECT_EQ(FindService(desired, "b"), nullptr);
}

}  // namespace
}  // namespace lb::config
