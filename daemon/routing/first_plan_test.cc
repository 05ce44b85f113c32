#include "daemon/routing/first_plan.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb {
namespace {

using Names = std::vector<std::string>;

class FirstPlanTest : public testing::Test {
 protected:
  FirstPlanTest() {
    for (const char* service : {"default/a", "default/b"}) {
      desired_.services[service].request.service = service;
    }
  }
  bool IsWhole() { return first_.IsWhole(desired_, entries_); }

  config::Desired desired_;
  AddressEntries entries_;
  FirstPlan first_;
};

TEST_F(FirstPlanTest, IsWholeOnceEachServiceWasLookedUp) {
  EXPECT_TRUE(IsWhole()) << "no service is known of";
  first_.NoteAll(desired_);
  EXPECT_FALSE(IsWhole());
  entries_["default/a"] = {};
  first_.NoteServices(Names{"default/a"});
  EXPECT_FALSE(IsWhole());
  entries_["default/b"] = {};
  first_.NoteServices(Names{"default/b"});
  EXPECT_TRUE(IsWhole());
}

// As many entries as services are not enough.
TEST_F(FirstPlanTest, AServiceThatWentCountsForNoOther) {
  entries_["default/a"] = {};
  first_.NoteAll(desired_);
  EXPECT_FALSE(IsWhole());
  desired_.services.erase("default/a");
  first_.NoteServices(Names{"default/a"});
  EXPECT_FALSE(IsWhole());
  desired_.services.erase("default/b");
  first_.NoteServices(Names{"default/b"});
  EXPECT_TRUE(IsWhole()) << "nor is one waited for that went";
}

TEST_F(FirstPlanTest, AServiceThatComesLaterIsWaitedFor) {
  desired_.services.erase("default/b");
  entries_["default/a"] = {};
  first_.NoteAll(desired_);
  EXPECT_TRUE(IsWhole());
  desired_.services["default/b"].request.service = "default/b";
  first_.NoteServices(Names{"default/b"});
  EXPECT_FALSE(IsWhole());
}

TEST_F(FirstPlanTest, TheDeadlineIsThatOfTheFirstCall) {
  const absl::Time now = absl::UnixEpoch();
  EXPECT_EQ(first_.Deadline(now), now + FirstPlan::kWholeMax);
  EXPECT_EQ(first_.Deadline(now + absl::Seconds(1)),
            now + FirstPlan::kWholeMax);
}

}  // namespace
}  // namespace lb
