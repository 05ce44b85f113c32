// A ReplicatedAllocator whose addresses are decided and recorded elsewhere.
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/ipam/testing/two_allocators.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RecordedAddressesTest : public TwoAllocators {
 protected:
  void SetUp() override {
    TwoAllocators::SetUp();
    Start();
    allocators_["n2"]->SetWanted(Want({"default/a", "default/b"}));
    allocators_["n2"]->SetAuthor("n2");
  }

  // Another run of n1.
  void Start() {
    allocators_["n1"] = std::make_unique<ReplicatedAllocator>(
        "n1", io::StatePorts::From(hosts_["n1"]->environment()), [] {});
    n1().FollowRecords();
    n1().Restore();
    n1().SetWanted(Want({"default/a", "default/b"}));
    RunFor(absl::Milliseconds(100));
  }
  ReplicatedAllocator& n1() { return *allocators_["n1"]; }

  void Record(const std::string& service, const std::string& address,
              const std::string& pool = "p") {
    Assignment assignment;
    if (!address.empty()) {
      assignment.addresses = {{*net::ParseIpAddress(address), pool}};
    }
    n1().SetRecorded(service, assignment);
    RunFor(absl::Milliseconds(100));
  }
};

TEST_F(RecordedAddressesTest, AServiceHasWhatIsRecordedAndNothingElse) {
  EXPECT_EQ(Shown("n1", "default/a"),
            "waiting for the controller to assign an address");
  Record("default/a", "10.0.0.3");
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.3");
  EXPECT_THAT(Shown("n1", "default/b"), HasSubstr("waiting"));
  Record("default/a", "10.0.0.2");
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.2");
  Record("default/a", "");
  EXPECT_THAT(Shown("n1", "default/a"), HasSubstr("waiting"));
}

TEST_F(RecordedAddressesTest, NothingIsToldAndNothingHeard) {
  Record("default/a", "10.0.0.3");
  EXPECT_THAT(n1().TakeMessages(kMessageMax), IsEmpty());
  EXPECT_EQ(n1().FullMessage(), SerializeMessage({}));
  RunFor(absl::Seconds(1));
  const std::string other = allocators_["n2"]->FullMessage();
  ASSERT_NE(other, SerializeMessage({}));
  const auto merged = n1().Merge(other);
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(*merged, 0u);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.3");
  EXPECT_THAT(Shown("n1", "default/b"), HasSubstr("waiting"));
}

TEST_F(RecordedAddressesTest, WhatWasRecordedIsKnownAfterARestart) {
  Record("default/a", "10.0.0.3");
  Start();
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.3");
}

// A day and more after the last write.
TEST_F(RecordedAddressesTest, WhatWasRecordedIsKnownAfterALongRest) {
  Record("default/a", "10.0.0.3");
  allocators_["n1"].reset();
  RunFor(absl::Hours(100));
  Start();
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.3");
}

// Statuses change one after the other.
TEST_F(RecordedAddressesTest, TwoServicesMaySwapTheirAddresses) {
  Record("default/a", "10.0.0.1");
  Record("default/b", "10.0.0.2");
  Record("default/a", "10.0.0.2");
  EXPECT_EQ(Shown("n1", "default/b"), "10.0.0.2");
  Record("default/b", "10.0.0.1");
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.2");
  EXPECT_EQ(Shown("n1", "default/b"), "10.0.0.1");
}

// Pools that changed take nothing away.
TEST_F(RecordedAddressesTest, AnAddressOutsideOfAllPoolsIsKept) {
  Record("default/a", "10.9.9.9");
  EXPECT_EQ(Shown("n1", "default/a"), "10.9.9.9");
}

// As MetalLB wrote statuses before 0.13, and as a person writes one.
TEST_F(RecordedAddressesTest, AnAddressWithoutAPoolHasTheOneInWhichItLies) {
  Record("default/a", "10.0.0.3", "");
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.3");
  EXPECT_EQ(n1().entries().at("default/a").assignment.ToString(),
            "10.0.0.3 (pool p)");
}

TEST_F(RecordedAddressesTest, AnAddressInNoPoolIsAFaultUntilAPoolHasIt) {
  Record("default/a", "10.9.9.9", "");
  EXPECT_THAT(Shown("n1", "default/a"), HasSubstr("the status has 10.9.9.9"));
  EXPECT_FALSE(n1().entries().at("default/a").waiting);
  Wanted wanted = Want({"default/a", "default/b"});
  Pool other = wanted.pools.front();
  other.name = "q";
  other.ranges = {*net::ParseIpRange("10.9.9.0/24")};
  wanted.pools.push_back(other);
  n1().SetWanted(wanted);
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(Shown("n1", "default/a"), "10.9.9.9");
  // It is no reason to change an address that its pool goes.
  n1().SetWanted(Want({"default/a", "default/b"}));
  Record("default/a", "10.9.9.9", "");
  EXPECT_EQ(Shown("n1", "default/a"), "10.9.9.9");
  Record("default/a", "10.9.9.8", "");
  EXPECT_THAT(Shown("n1", "default/a"), HasSubstr("the status has 10.9.9.8"));
  Record("default/a", "");
  EXPECT_THAT(Shown("n1", "default/a"), HasSubstr("waiting"));
}

TEST_F(RecordedAddressesTest, NoOperatorFreesIt) {
  Record("default/a", "10.0.0.3");
  EXPECT_THAT(n1().Release({.service = "default/a"}, [](const auto&) {})
                  .status()
                  .message(),
              HasSubstr("statuses of Services"));
}

}  // namespace
}  // namespace lb::ipam
