#include "lb/ipam/assignment_queue.h"

#include <set>
#include <string>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/portion.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Status kFull = absl::ResourceExhaustedError("full");

class AssignmentQueueTest : public testing::Test {
 protected:
  void Want(const std::string& service, FamilyPolicy policy = {},
            const std::string& sharing_key = "") {
    requests_[service] = {.service = service,
                          .family_policy = policy,
                          .sharing_key = sharing_key};
  }
  // It got one address.
  void Assign(const std::string& service) {
    queue_.OnAssigned(requests_[service],
                      {{{*net::ParseIpAddress("10.0.0.1"), "p"}}});
  }
  AssignmentQueue::Services Take(const AssignmentQueue::Services& followed = {},
                                 bool freed = false) {
    return queue_.Take(requests_, followed, freed, [&](const auto& request) {
      return frees_.contains(request.service);
    });
  }

  ServiceRequests requests_;
  std::set<std::string> frees_;  // Services that give up an address.
  AssignmentQueue queue_;
};

TEST_F(AssignmentQueueTest, WhatWasFollowedIsDueOnce) {
  Want("a");
  Want("b");
  EXPECT_THAT(Take({"a", "gone"}), ElementsAre("a"));
  Assign("a");
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(AssignmentQueueTest, AFailureIsTriedAgain) {
  Want("a");
  queue_.OnFailed("a", kFull);
  queue_.OnFailed("gone", kFull);
  ASSERT_NE(queue_.FailureOf("a"), nullptr);
  EXPECT_EQ(*queue_.FailureOf("a"), kFull);
  EXPECT_THAT(Take(), ElementsAre("a"));
  EXPECT_EQ(queue_.FailureOf("a"), nullptr);
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(AssignmentQueueTest, ASecondFamilyWaitsForAFreeAddress) {
  Want("a", FamilyPolicy::kPreferDualStack);
  Want("b");
  Assign("a");
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_THAT(Take({}, /*freed=*/true), ElementsAre("a"));
  EXPECT_THAT(Take({}, /*freed=*/true), IsEmpty());
  Assign("a");
  EXPECT_THAT(Take({"b"}), ElementsAre("b"));
  frees_ = {"b"};
  EXPECT_THAT(Take({"b"}), ElementsAre("a", "b"));
}

TEST_F(AssignmentQueueTest, AServiceThatSharesIsAlwaysDueForASecondFamily) {
  Want("a", FamilyPolicy::kPreferDualStack, "key");
  Assign("a");
  EXPECT_THAT(Take(), ElementsAre("a"));
  EXPECT_THAT(Take(), IsEmpty());
  Assign("a");
  requests_.erase("a");
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(AssignmentQueueTest, AllComeInPortions) {
  const size_t count = 2 * kPortion + 1;
  for (size_t i = 0; i < count; ++i) Want(fmt::format("s{:05}", i));
  queue_.AddAll();
  AssignmentQueue::Services all;
  EXPECT_THAT(Take(), SizeIs(kPortion));
  EXPECT_TRUE(queue_.has_more());
  // From the first again.
  queue_.AddAll();
  for (const size_t portion : {kPortion, kPortion, size_t{1}}) {
    EXPECT_TRUE(queue_.has_more());
    const AssignmentQueue::Services taken = Take();
    EXPECT_THAT(taken, SizeIs(portion));
    all.insert(taken.begin(), taken.end());
  }
  EXPECT_FALSE(queue_.has_more());
  EXPECT_THAT(all, SizeIs(count));
  EXPECT_THAT(Take(), IsEmpty());
}

}  // namespace
}  // namespace lb::ipam
