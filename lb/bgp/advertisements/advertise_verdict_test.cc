#include "lb/bgp/advertisements/advertise_verdict.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

constexpr AdvertiseFacts kGood = {.reaches_node = true,
                                  .matches_service = true,
                                  .has_local_endpoint = true,
                                  .has_endpoint = true};

struct Step {
  std::string_view verdict;
  void (*spoil)(AdvertiseFacts* facts);
};

// From the last reason to the first: each hides those before it.
const std::vector<Step> kSteps = {
    {"noEndpoints", [](AdvertiseFacts* f) { f->has_endpoint = false; }},
    {"noLocalEndpoints",
     [](AdvertiseFacts* f) {
       f->only_local = true;
       f->has_local_endpoint = false;
     }},
    {"nodeLabeledExcludeBalancers",
     [](AdvertiseFacts* f) { f->excluded = true; }},
    {"nodeNetworkUnavailable",
     [](AdvertiseFacts* f) { f->network_unavailable = true; }},
    {"conflictingAdvertisements",
     [](AdvertiseFacts* f) { f->has_conflict = true; }},
    {"noMatchingAdvertisement",
     [](AdvertiseFacts* f) { f->matches_service = false; }},
    {"notOwner", [](AdvertiseFacts* f) { f->reaches_node = false; }},
};

TEST(AdvertiseVerdictTest, TheFirstReasonThatHolds) {
  EXPECT_EQ(ToString(JudgeAdvertising(kGood)), "announces");
  AdvertiseFacts all = kGood;
  for (const Step& step : kSteps) {
    AdvertiseFacts alone = kGood;
    step.spoil(&alone);
    EXPECT_EQ(ToString(JudgeAdvertising(alone)), step.verdict);
    step.spoil(&all);
    EXPECT_EQ(ToString(JudgeAdvertising(all)), step.verdict) << "with others";
  }
}

TEST(AdvertiseVerdictTest, ALocalEndpointMattersToTheLocalPolicyOnly) {
  AdvertiseFacts facts = kGood;
  facts.has_local_endpoint = false;
  EXPECT_EQ(JudgeAdvertising(facts), AdvertiseVerdict::kAnnounces);
  facts.only_local = true;
  EXPECT_EQ(JudgeAdvertising(facts), AdvertiseVerdict::kNoLocalEndpoints);
}

TEST(AdvertiseVerdictTest, OnlyEndpointsComeAndGoByThemselves) {
  for (int i = 0; i <= static_cast<int>(AdvertiseVerdict::kNoEndpoints); ++i) {
    const auto verdict = static_cast<AdvertiseVerdict>(i);
    const std::string_view text = ToString(verdict);
    EXPECT_EQ(IsForEndpoints(verdict), text.ends_with("Endpoints")) << text;
  }
}

}  // namespace
}  // namespace lb::bgp
