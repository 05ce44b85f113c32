// Elections that are told of many services at once take up a portion of them
// with each look, and come to the same.
#include <string>
#include <utility>

#include "daemon/members/node_metadata.h"
#include "daemon/placement/elections.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/portion.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using testing::SizeIs;

constexpr int kMany = 2 * static_cast<int>(kPortion) + 500;

std::string NameOf(int i) { return fmt::format("default/s{:05}", i); }

// All of them are announced by n1, which is alone.
class ElectionsPortionsTest : public testing::Test {
 protected:
  ElectionsPortionsTest() {
    desired_.advertisements.push_back({.name = "all"});
    for (int i = 0; i < kMany; ++i) {
      desired_.services[NameOf(i)].request.service = NameOf(i);
      entries_[NameOf(i)].assignment.addresses = {
          {net::IpAddress::Ipv4((10u << 24) + static_cast<uint32_t>(i)), "p"}};
    }
    elections_.SetMembers({{"n1", NodeMetadata()}});
    elections_.SetDesired(desired_);
    Look();
    elections_.TakeChanged();
  }

  // How many services' places are others by it.
  size_t Look() {
    elections_.Update(desired_, entries_, version_);
    return elections_.TakeChanged().size();
  }
  // Without endpoints no node may announce it any more; with them n1 may again.
  void SetEndpoints(int i, bool any) {
    auto& endpoints = desired_.services.at(NameOf(i)).traffic.endpoints;
    endpoints.reset();
    if (!any) endpoints.emplace();
    difference_.services.push_back(NameOf(i));
  }
  void SetDesired() {
    elections_.SetDesired(desired_, std::exchange(difference_, {}));
  }
  size_t Announced() const {
    size_t count = 0;
    for (const auto& [service, place] : elections_.placement()) {
      count += IsElected(place, "n1") ? 1 : 0;
    }
    return count;
  }

  config::Desired desired_;
  config::Difference difference_;
  AddressEntries entries_;
  uint64_t version_ = 1;
  Elections elections_{"n1", election::Policy::kCompat};
};

TEST_F(ElectionsPortionsTest, EachLookTakesUpAPortion) {
  ASSERT_EQ(Announced(), static_cast<size_t>(kMany));
  for (int i = 0; i < kMany; ++i) SetEndpoints(i, false);
  SetDesired();
  EXPECT_EQ(Look(), kPortion);
  EXPECT_TRUE(elections_.has_more());
  EXPECT_EQ(Look(), kPortion);
  EXPECT_EQ(Look(), 500u);
  EXPECT_FALSE(elections_.has_more());
  EXPECT_EQ(Announced(), 0u);
  EXPECT_EQ(Look(), 0u);
}

TEST_F(ElectionsPortionsTest, AnEntryThatChangesMeanwhileCountsAtOnce) {
  for (int i = 0; i < kMany; ++i) SetEndpoints(i, false);
  SetDesired();
  Look();
  const std::string last = NameOf(kMany - 1);
  entries_.erase(last);
  elections_.NoteEntries({last}, ++version_);
  Look();
  EXPECT_FALSE(elections_.placement().contains(last));
  while (elections_.has_more()) Look();
  EXPECT_EQ(Announced(), 0u);
  EXPECT_THAT(elections_.placement(), SizeIs(kMany - 1));
}

TEST_F(ElectionsPortionsTest, ASecondReloadDuringTheFirstComesToTheSecond) {
  for (int i = 0; i < kMany; ++i) SetEndpoints(i, false);
  SetDesired();
  Look();
  for (int i = 0; i < kMany; i += 2) SetEndpoints(i, true);
  SetDesired();
  while (elections_.has_more()) Look();
  EXPECT_EQ(Announced(), static_cast<size_t>(kMany / 2));
}

// A service that is left for later goes, and another comes.
TEST_F(ElectionsPortionsTest, WhatIsLeftMayGo) {
  for (int i = 0; i < kMany; ++i) SetEndpoints(i, false);
  SetDesired();
  Look();
  difference_.services = {NameOf(kMany - 1)};
  desired_.services.erase(NameOf(kMany - 1));
  SetDesired();
  while (elections_.has_more()) Look();
  EXPECT_FALSE(elections_.placement().contains(NameOf(kMany - 1)));
  EXPECT_EQ(Announced(), 0u);
}

TEST_F(ElectionsPortionsTest, OtherMembersCountForAllAtOnce) {
  for (int i = 0; i < kMany; ++i) SetEndpoints(i, false);
  SetDesired();
  Look();
  elections_.SetMembers({});
  Look();
  EXPECT_EQ(Announced(), 0u);
  EXPECT_TRUE(elections_.has_more());
}

// A changed pool concerns all services, also those that are not named as
// changed.
TEST_F(ElectionsPortionsTest, OtherPoolsAreReadByAllInPortions) {
  desired_.advertisements.front().pool_selectors.emplace_back().match_labels = {
      {"zone", "b"}};
  difference_.cluster = true;
  SetDesired();
  Look();
  ASSERT_EQ(Announced(), 0u);
  desired_.pool_labels["p"] = {{"zone", "b"}};
  difference_.pools = true;
  SetDesired();
  EXPECT_EQ(Look(), kPortion);
  EXPECT_TRUE(elections_.has_more());
  while (elections_.has_more()) Look();
  EXPECT_EQ(Announced(), static_cast<size_t>(kMany));
}

}  // namespace
}  // namespace lb
