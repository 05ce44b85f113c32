// Nodes that read different manifests: a service that does not work because of
// it is a problem.
#include <string>

#include "absl/time/time.h"
#include "daemon/problems/problems.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

class DifferingManifestsTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.SetManifests(all_);
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(20))) << cluster_.Dump();
    author_ = cluster_.agent("n1").View().ledger.author;
  }
  std::string ProblemsOf(const std::string& node) {
    std::string all;
    for (const Problem& problem : ListProblems(cluster_.agent(node).View())) {
      all += problem.text + "\n";
    }
    return all;
  }

  const std::string all_ = Basics() + ServiceManifest("web");
  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
  std::string author_;
};

TEST_F(DifferingManifestsTest, AServiceThatTheAuthorDoesNotKnow) {
  cluster_.SetManifests(author_, Basics());
  cluster_.RunFor(absl::Seconds(40));
  for (const std::string& node : cluster_.names()) {
    if (node == author_) continue;
    EXPECT_THAT(
        ProblemsOf(node),
        HasSubstr("Service/default/web: no address: waiting for " + author_ +
                  " to assign an address, want the same manifests and "
                  "options on all nodes"))
        << cluster_.Dump();
  }
  cluster_.SetManifests(author_, all_);
  cluster_.RunFor(absl::Seconds(5));
  for (const std::string& node : cluster_.names()) {
    EXPECT_EQ(ProblemsOf(node), "") << cluster_.Dump();
  }
}

}  // namespace
}  // namespace lb
