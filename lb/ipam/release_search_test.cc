// Which addresses can be freed by hand. replicated_allocator_test has what
// follows from it.
#include "lb/ipam/release_search.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

net::IpAddress At(const std::string& text) {
  return *net::ParseIpAddress(text);
}

// A pool of ten addresses; each service holds one on record.
class ReleaseSearchTest : public testing::Test {
 protected:
  ReleaseSearchTest() {
    wanted_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.0.0.1-10.0.0.10")}});
    EXPECT_THAT(allocator_.SetPools(wanted_.pools), IsOk());
  }

  void Hold(const std::string& service, const std::string& address) {
    EXPECT_THAT(ledger_.Propose(service, {{{At(address), "p"}}}, now_), IsOk());
    ServiceRequest request = {.service = service};
    EXPECT_THAT(allocator_.Keep(request, {{At(address), "p"}}), IsOk());
  }
  absl::StatusOr<std::vector<Released>> Find(const ReleaseTarget& target) {
    return FindReleasable(target, ledger_, allocator_, wanted_);
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  Wanted wanted_;
  Ledger ledger_{"n1"};
  Allocator allocator_;
};

TEST_F(ReleaseSearchTest, AServiceThatNoManifestAsksForGivesUpAll) {
  Hold("x/a", "10.0.0.1");
  Hold("x/b", "10.0.0.2");
  const Released a = {"x/a", At("10.0.0.1")};
  EXPECT_THAT(*Find({.service = "x/a"}), ElementsAre(a));
  EXPECT_THAT(*Find({.address = At("10.0.0.1")}), ElementsAre(a));
}

TEST_F(ReleaseSearchTest, WhatNoServiceHoldsIsNotFound) {
  Hold("x/a", "10.0.0.1");
  EXPECT_EQ(Find({.service = "x/b"}).status(),
            absl::NotFoundError("x/b: it holds no address"));
  EXPECT_EQ(Find({.address = At("10.0.0.9")}).status(),
            absl::NotFoundError("10.0.0.9: no service holds it"));
}

TEST_F(ReleaseSearchTest, AServiceKeepsWhatItAsksForOrWouldGetAgain) {
  Hold("x/a", "10.0.0.1");
  wanted_.requests["x/a"] = {.service = "x/a"};
  EXPECT_THAT(std::string(Find({.service = "x/a"}).status().message()),
              HasSubstr("x/a would be given it again"));
  wanted_.requests["x/a"].requested_addresses = {At("10.0.0.1")};
  EXPECT_THAT(std::string(Find({.service = "x/a"}).status().message()),
              HasSubstr("x/a asks for it by name"));
}

TEST_F(ReleaseSearchTest, AnAddressThatNoPoolHasAnyMoreCanGo) {
  Hold("x/a", "10.0.0.1");
  wanted_.requests["x/a"] = {.service = "x/a"};
  wanted_.pools[0].ranges = {*net::ParseIpRange("10.0.0.2-10.0.0.10")};
  EXPECT_THAT(allocator_.SetPools(wanted_.pools), IsOk());
  EXPECT_THAT(*Find({.service = "x/a"}),
              ElementsAre(Released{"x/a", At("10.0.0.1")}));
}

TEST_F(ReleaseSearchTest, WithoutLeavesTheOtherAddresses) {
  const auto record = ledger_.Propose(
      "x/a", {{{At("10.0.0.1"), "p"}, {At("2001:db8::1"), "p"}}}, now_);
  ASSERT_THAT(record, IsOk());
  EXPECT_THAT(Without(*record, {{"x/a", At("10.0.0.1")}}).addresses,
              ElementsAre(AssignedAddress{At("2001:db8::1"), "p"}));
  EXPECT_THAT(
      Without(*record, {{"x/a", At("10.0.0.1")}, {"x/a", At("2001:db8::1")}})
          .addresses,
      IsEmpty());
}

}  // namespace
}  // namespace lb::ipam
