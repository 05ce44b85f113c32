#include "lb/ipam/ledger_replay.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/testing/allocator_script.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Ledgers of two nodes that could not hear each other, then one that heard
// both.
class ReplayTest : public testing::Test {
 protected:
  void Propose(Ledger& ledger, const std::string& service,
               const std::vector<std::string>& addresses, int64_t seconds) {
    Assignment assignment;
    for (const std::string& address : addresses) {
      assignment.addresses.push_back({*net::ParseIpAddress(address), "a"});
    }
    ASSERT_THAT(
        ledger.Propose(service, assignment, absl::FromUnixSeconds(seconds)),
        IsOk());
  }

  ReplayResult ReplayBoth(const std::vector<std::string>& pools,
                          const std::vector<std::string>& requests) {
    Ledger both("c");
    both.Merge(a_.AllRecords());
    both.Merge(b_.AllRecords());
    ServiceRequests by_service;
    for (const std::string& line : requests) {
      ServiceRequest request = ReadRequest(line);
      by_service[request.service] = request;
    }
    EXPECT_THAT(allocator_.SetPools(ReadPools(pools)), IsOk());
    return Replay(both, by_service, &allocator_);
  }

  std::string Held(const std::string& service) {
    const auto held = allocator_.Find(service);
    return held ? held->ToString() : "nothing";
  }

  Ledger a_{"a"}, b_{"b"};
  Allocator allocator_;
};

std::vector<std::string> Text(const std::vector<ReplayVerdict>& verdicts) {
  std::vector<std::string> texts;
  for (const ReplayVerdict& v : verdicts) {
    texts.push_back(v.service + " " + v.address.ToString() + " " +
                    v.reason.ToString());
  }
  return texts;
}

TEST_F(ReplayTest, HoldsWhatIsOnRecord) {
  Propose(a_, "x/1", {"10.0.0.2", "2001:db8::2"}, 5);
  Propose(b_, "x/2", {"10.0.0.1"}, 6);
  const ReplayResult result =
      ReplayBoth({"a 10.0.0.0/24,2001:db8::/64"}, {"x/1", "x/2"});
  EXPECT_THAT(result.held, ElementsAre("x/1", "x/2"));
  EXPECT_THAT(result.displaced, IsEmpty());
  EXPECT_THAT(result.orphaned, IsEmpty());
  EXPECT_EQ(Held("x/1"), "10.0.0.2 (pool a), 2001:db8::2 (pool a)");
  EXPECT_EQ(Held("x/2"), "10.0.0.1 (pool a)");
}

TEST_F(ReplayTest, TheEarlierClaimKeepsADisputedAddress) {
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  Propose(b_, "x/2", {"10.0.0.1"}, 5);
  const ReplayResult result = ReplayBoth({"a 10.0.0.0/24"}, {"x/1", "x/2"});
  EXPECT_THAT(result.held, ElementsAre("x/2"));
  EXPECT_THAT(Text(result.displaced),
              ElementsAre("x/1 10.0.0.1 ALREADY_EXISTS: Service/x/1: 10.0.0.1 "
                          "is held by x/2: not shared"));
  EXPECT_EQ(Held("x/1"), "nothing");
}

TEST_F(ReplayTest, EqualTimesGoByAuthor) {
  Propose(b_, "x/1", {"10.0.0.1"}, 5);
  Propose(a_, "x/2", {"10.0.0.1"}, 5);
  EXPECT_THAT(ReplayBoth({"a 10.0.0.0/24"}, {"x/1", "x/2"}).held,
              ElementsAre("x/2"));
}

TEST_F(ReplayTest, OnlyTheDisputedAddressIsLost) {
  Propose(a_, "x/1", {"10.0.0.1"}, 1);
  Propose(a_, "x/1", {"10.0.0.1", "2001:db8::1"}, 9);
  Propose(b_, "x/2", {"2001:db8::1"}, 5);
  const ReplayResult result =
      ReplayBoth({"a 10.0.0.0/24,2001:db8::/64"}, {"x/1", "x/2"});
  EXPECT_THAT(result.held, ElementsAre("x/2"));
  EXPECT_THAT(Text(result.displaced),
              ElementsAre(HasSubstr("x/1 2001:db8::1 ALREADY_EXISTS")));
  EXPECT_EQ(Held("x/1"), "10.0.0.1 (pool a)");
}

TEST_F(ReplayTest, ASharedAddressIsNotDisputed) {
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  Propose(b_, "x/2", {"10.0.0.1"}, 5);
  const ReplayResult result =
      ReplayBoth({"a 10.0.0.0/24"}, {"x/1 key=k tcp=80", "x/2 key=k tcp=81"});
  EXPECT_THAT(result.held, ElementsAre("x/1", "x/2"));
}

TEST_F(ReplayTest, AServiceWithoutARequestHoldsNothing) {
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  const ReplayResult result = ReplayBoth({"a 10.0.0.0/24"}, {"x/2"});
  EXPECT_THAT(result.held, IsEmpty());
  EXPECT_THAT(result.orphaned, ElementsAre("x/1"));
  EXPECT_EQ(Held("x/1"), "nothing");
}

TEST_F(ReplayTest, AReleasedServiceHoldsNothing) {
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  ASSERT_THAT(a_.ProposeRelease("x/1", absl::FromUnixSeconds(7)), IsOk());
  const ReplayResult result = ReplayBoth({"a 10.0.0.0/24"}, {"x/1"});
  EXPECT_THAT(result.held, IsEmpty());
  EXPECT_THAT(result.orphaned, IsEmpty());
}

TEST_F(ReplayTest, KeepsAnAddressThatThePoolsLeft) {
  Propose(a_, "x/1", {"10.7.0.1"}, 6);
  Propose(a_, "x/2", {"10.7.0.1"}, 7);
  const ReplayResult result = ReplayBoth({"a 10.0.0.0/24"}, {"x/1", "x/2"});
  EXPECT_THAT(result.held, ElementsAre("x/1"));
  EXPECT_THAT(Text(result.outside),
              ElementsAre(HasSubstr("x/1 10.7.0.1 NOT_FOUND")));
  EXPECT_THAT(Text(result.displaced),
              ElementsAre(HasSubstr("x/2 10.7.0.1 ALREADY_EXISTS")));
  EXPECT_EQ(Held("x/1"), "10.7.0.1 (pool a)");
}

TEST_F(ReplayTest, FreedAddressesCoolDownOnEveryNode) {
  const std::vector<std::string> pools = {"a 10.0.0.1-10.0.0.3 cooldown=60"};
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  Propose(b_, "x/2", {"10.0.0.2"}, 7);
  ASSERT_THAT(a_.ProposeRelease("x/1", absl::FromUnixSeconds(100)), IsOk());
  // Without the time there are no cool-downs.
  ReplayBoth(pools, {"x/2"});
  EXPECT_THAT(allocator_.Resting(), IsEmpty());
  allocator_.AdvanceTo(absl::FromUnixSeconds(120));
  ReplayBoth(pools, {"x/2"});
  EXPECT_EQ(allocator_.NextCoolDownEnd(), absl::FromUnixSeconds(160));
  EXPECT_EQ(Perform("assign x/3", allocator_), "a:10.0.0.3");
  allocator_.AdvanceTo(absl::FromUnixSeconds(160));
  ReplayBoth(pools, {"x/2"});
  EXPECT_EQ(Perform("assign x/3", allocator_), "a:10.0.0.1");
}

// The clock of who freed it was ahead, or somebody lies: without any cool-down
// the address was out of turn until then, on all nodes.
TEST_F(ReplayTest, WhatWasFreedInTheFutureDoesNotRest) {
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  ASSERT_THAT(a_.ProposeRelease("x/1", absl::FromUnixSeconds(3600)), IsOk());
  Record hostile = {.service = "x/0", .generation = 1, .changed = {6, "b"}};
  hostile.freed = {{*net::ParseIpAddress("10.0.0.2"), INT64_MAX}};
  b_.Merge({hostile});
  allocator_.AdvanceTo(absl::FromUnixSeconds(120));
  for (const std::string pool :
       {"a 10.0.0.1-10.0.0.3", "a 10.0.0.1-10.0.0.3 cooldown=60"}) {
    SCOPED_TRACE(pool);
    ReplayBoth({pool}, {"x/2"});
    EXPECT_EQ(Perform("assign x/3", allocator_), "a:10.0.0.1");
    EXPECT_EQ(Perform("assign x/4", allocator_), "a:10.0.0.2");
  }
}

// Clocks are never quite equal.
TEST_F(ReplayTest, WhatWasFreedAMomentAheadCoolsDown) {
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  ASSERT_THAT(a_.ProposeRelease("x/1", absl::FromUnixSeconds(180)), IsOk());
  allocator_.AdvanceTo(absl::FromUnixSeconds(120));
  ReplayBoth({"a 10.0.0.1-10.0.0.3 cooldown=60"}, {"x/2"});
  EXPECT_EQ(allocator_.NextCoolDownEnd(), absl::FromUnixSeconds(240));
  EXPECT_EQ(Perform("assign x/3", allocator_), "a:10.0.0.2");
}

TEST_F(ReplayTest, AnAddressInUseAgainDoesNotRest) {
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  ASSERT_THAT(a_.ProposeRelease("x/1", absl::FromUnixSeconds(100)), IsOk());
  Propose(a_, "x/2", {"10.0.0.1"}, 101);
  allocator_.AdvanceTo(absl::FromUnixSeconds(120));
  ReplayBoth({"a 10.0.0.0/24 cooldown=60"}, {"x/2"});
  EXPECT_THAT(allocator_.Resting(), IsEmpty());
  EXPECT_EQ(Held("x/2"), "10.0.0.1 (pool a)");
}

TEST_F(ReplayTest, ReplayingAgainGivesTheSame) {
  Propose(a_, "x/1", {"10.0.0.1"}, 6);
  Propose(b_, "x/2", {"10.0.0.1"}, 5);
  ReplayBoth({"a 10.0.0.0/24"}, {"x/1", "x/2"});
  const auto first = allocator_.List();
  ReplayBoth({"a 10.0.0.0/24"}, {"x/1", "x/2"});
  EXPECT_EQ(allocator_.List(), first);
}

}  // namespace
}  // namespace lb::ipam
