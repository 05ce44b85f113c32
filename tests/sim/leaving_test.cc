// A node that is told to leave ends within seconds, even if its handovers fail.
#include <set>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

constexpr absl::Duration kSettled = absl::Seconds(20);
// Half a second for others to take over, a second for the goodbye and for
// packets that are under way.
constexpr absl::Duration kEnds = absl::Seconds(3);

class LeavingTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    cluster_.SetManifests(Basics() + ServiceManifest("a") +
                          ServiceManifest("b") + ServiceManifest("c"));
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  }
  // The node that announces one of the services.
  std::string Owner() {
    return cluster_.AnnouncersOf(cluster_.AddressOf("n1", "a"))[0];
  }
  void Leave(const std::string& node) {
    cluster_.agent(node).Leave([this, node] {
      cluster_.Kill(node);
      left_.insert(node);
    });
  }

  absl::Duration step_ = GetParam() * absl::Milliseconds(50);
  Cluster cluster_{/*seed=*/static_cast<uint64_t>(GetParam() + 1),
                   /*nodes=*/3};
  std::set<std::string> left_;
};

TEST_P(LeavingTest, EndsThoughItsServicesGo) {
  const std::string owner = Owner();
  Leave(owner);
  cluster_.RunFor(step_);
  cluster_.SetManifests(Basics());
  cluster_.RunFor(kEnds);
  EXPECT_THAT(left_, testing::ElementsAre(owner)) << cluster_.Dump();
}

TEST_P(LeavingTest, AllEndThoughTheyHandOverToEachOther) {
  for (const std::string& node : cluster_.names()) {
    Leave(node);
    cluster_.RunFor(step_);
  }
  cluster_.RunFor(kEnds);
  EXPECT_EQ(left_.size(), 3u) << cluster_.Dump();
}

INSTANTIATE_TEST_SUITE_P(Steps, LeavingTest, testing::Range(0, 20));

}  // namespace
}  // namespace lb
