#include "lb/ipam/wanted_services.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kAll = 100;

ServiceRequest RequestOf(const std::string& service, uint16_t port = 80) {
  return {.service = service, .ports = {{Protocol::kTcp, port}}};
}

WantedChange ChangeOf(
    std::map<std::string, std::optional<ServiceRequest>> requests) {
  return {.requests = std::move(requests)};
}

TEST(WantedServicesTest, KnownServicesAreFollowedBeforeNewOnes) {
  WantedServices wanted;
  EXPECT_TRUE(wanted.Change(ChangeOf({{"m", RequestOf("m")}})));
  EXPECT_THAT(wanted.TakeTouched(kAll), ElementsAre("m"));
  EXPECT_TRUE(wanted.Change(ChangeOf(
      {{"a", RequestOf("a")}, {"b", RequestOf("b")}, {"m", std::nullopt}})));
  EXPECT_THAT(wanted.TakeTouched(1), ElementsAre("m"));
  EXPECT_THAT(wanted.TakeTouched(1), ElementsAre("a"));
  EXPECT_TRUE(wanted.has_touched());
  EXPECT_THAT(wanted.TakeTouched(kAll), ElementsAre("b"));
  EXPECT_FALSE(wanted.has_touched());
}

TEST(WantedServicesTest, AnAbsentServiceKeepsItsLastRequest) {
  WantedServices wanted;
  wanted.Change(ChangeOf({{"a", RequestOf("a", 81)}}));
  wanted.Change(ChangeOf({{"a", std::nullopt}}));
  EXPECT_FALSE(wanted.Wants("a"));
  wanted.NoteHolding("a", true, {});
  ASSERT_NE(wanted.FindLast("a"), nullptr);
  EXPECT_EQ(*wanted.FindLast("a"), RequestOf("a", 81));
  // It holds nothing any more, or is wanted again.
  wanted.NoteHolding("a", false, {});
  EXPECT_EQ(wanted.FindLast("a"), nullptr);
  EXPECT_THAT(wanted.absent().since(), IsEmpty());
  wanted.Change(ChangeOf({{"a", RequestOf("a", 82)}}));
  wanted.NoteHolding("a", true, {});
  EXPECT_THAT(wanted.absent().since(), IsEmpty());
  EXPECT_EQ(*wanted.FindLast("a"), RequestOf("a", 82));
}

TEST(WantedServicesTest, NothingChangesWithoutADifference) {
  WantedServices wanted;
  EXPECT_FALSE(wanted.Change({}));
  EXPECT_TRUE(wanted.Change({.may_exist = {.any = true}}));
  EXPECT_FALSE(wanted.Change({.may_exist = {.any = true}}));
  EXPECT_TRUE(wanted.Change({.pools = std::vector<Pool>()}));
  EXPECT_FALSE(wanted.has_touched());
}

TEST(WantedServicesTest, AServiceCanBeTouchedWithoutAChange) {
  WantedServices wanted;
  wanted.Touch("a");
  EXPECT_THAT(wanted.TakeTouched(kAll), ElementsAre("a"));
}

// The change that it finds leads there, and names nothing else.
TEST(WantedServicesTest, ChangeToLeadsThere) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Prng prng(seed);
    WantedServices wanted;
    for (int step = 0; step < 5; ++step) {
      Wanted next;
      for (char name = 'a'; name < 'h'; ++name) {
        const std::string service(1, name);
        if (prng.Chance(40)) continue;
        next.requests[service] =
            RequestOf(service, static_cast<uint16_t>(80 + prng.Uniform(2)));
      }
      if (prng.Chance(50)) {
        next.pools.push_back(
            {.name = "p", .ranges = {*net::ParseIpRange("10.0.0.0/24")}});
      }
      next.may_exist.any = prng.Chance(50);
      const Wanted before = wanted.wanted();
      WantedChange change = wanted.ChangeTo(next);
      EXPECT_EQ(change.pools.has_value(), before.pools != next.pools);
      for (const auto& [service, request] : change.requests) {
        const auto old = before.requests.find(service);
        EXPECT_FALSE(request && old != before.requests.end() &&
                     old->second == *request)
            << service;
      }
      wanted.Change(std::move(change));
      EXPECT_EQ(wanted.wanted(), next) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace lb::ipam
