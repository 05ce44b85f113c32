#include "daemon/announcing/elected_announcer.h"

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;

net::IpAddress Vip(uint32_t number) {
  return net::IpAddress::Ipv4((172u << 24) + (18u << 16) + (8u << 8) + number);
}

// n1 on a segment of its own, with real elections and a real announcer.
class ElectedAnnouncerTest : public testing::Test {
 protected:
  ElectedAnnouncerTest() {
    desired_.advertisements.push_back({.name = "all"});
    EXPECT_TRUE(announcing_.Start().ok());
    SetMembers({"n1"});
  }
  ~ElectedAnnouncerTest() override { host_->Crash(); }

  static AnnouncingOptions Options() {
    AnnouncingOptions options;
    options.node = "n1";
    options.judge_rival = [](const auto&, const auto&) {
      return RivalMember();
    };
    return options;
  }
  void SetMembers(const std::vector<std::string>& names) {
    std::vector<Elections::LiveMember> live;
    for (const std::string& name : names)
      live.push_back({name, NodeMetadata()});
    elections_.SetMembers(std::move(live));
  }
  void Put(const std::string& service, uint32_t number) {
    desired_.services[service].request.service = service;
    entries_[service].assignment.addresses = {{Vip(number), "p"}};
  }
  // One look at all that there is.
  void Look() {
    elections_.SetDesired(desired_);
    elections_.Update(desired_, entries_, ++version_);
    const ElectedPlanner::Services changed = elections_.TakeChanged();
    announcer_.Update({.acts = acts_,
                       .members_went = went_,
                       .entries = entries_,
                       .entries_version = version_,
                       .entries_before = before_,
                       .pools = pools_,
                       .withheld = withheld_,
                       .withheld_version = withheld_version_,
                       .changed = changed,
                       .civil_now = world_.loop().CivilNow()});
    before_ = entries_;
    world_.loop().RunFor(absl::Seconds(5));
  }
  uint64_t Gratuitous(uint32_t number) const {
    const auto& counters = announcing_.node().announcer().counters();
    const auto of_vip = counters.find(Vip(number));
    return of_vip == counters.end() ? 0 : of_vip->second.gratuitous_sent;
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_ = world_.AddHost("n1", "172.18.8.11/24");
  config::Desired desired_;
  AddressEntries entries_, before_;
  std::vector<ipam::Pool> pools_ = {{.name = "p"}};
  std::map<net::IpAddress, absl::Time> withheld_;
  uint64_t version_ = 0;
  uint64_t withheld_version_ = 0;
  bool acts_ = true;
  bool went_ = false;
  Elections elections_{"n1", election::Policy::kCompat};
  Announcing announcing_{Options(), host_->environment()};
  ElectedAnnouncer announcer_{"n1", &elections_, &announcing_};
};

TEST_F(ElectedAnnouncerTest, AnnouncesAndTakesTheTenureOnceItAnswers) {
  Put("a", 201);
  Look();
  EXPECT_THAT(announcing_.elected(), ElementsAre(Key(Vip(201))));
  EXPECT_TRUE(announcing_.Answers(Vip(201)));
  Look();  // It probed, so no member is said to hold the address before.
  EXPECT_EQ(elections_.tenures().HolderOf(Vip(201)), "n1");
}

TEST_F(ElectedAnnouncerTest, LeavesToOthersWhatTheyAreElectedFor) {
  Put("a", 201);
  Look();
  SetMembers({"n2"});
  Look();
  EXPECT_THAT(announcing_.elected(), IsEmpty());
}

TEST_F(ElectedAnnouncerTest, ANodeThatMayNotActTakesNothing) {
  acts_ = false;
  Put("a", 201);
  Look();
  EXPECT_THAT(announcing_.elected(), IsEmpty());
  EXPECT_EQ(elections_.tenures().HolderOf(Vip(201)), std::nullopt);
  acts_ = true;
  Look();
  EXPECT_THAT(announcing_.elected(), ElementsAre(Key(Vip(201))));
}

TEST_F(ElectedAnnouncerTest, AFencedNodeSpeaksAgainOnceItMayAct) {
  Put("a", 201);
  Look();
  announcing_.Fence();
  acts_ = false;
  Look();
  EXPECT_TRUE(announcing_.fenced());
  acts_ = true;
  Look();
  EXPECT_FALSE(announcing_.fenced());
}

// Two nodes that only lost their gossip then hear each other.
TEST_F(ElectedAnnouncerTest, AnnouncesAgainWhenMembersWent) {
  Put("a", 201);
  Look();
  Look();
  const uint64_t before = Gratuitous(201);
  EXPECT_GT(before, 0u);
  Look();
  EXPECT_EQ(Gratuitous(201), before);
  went_ = true;
  Look();
  EXPECT_GT(Gratuitous(201), before);
}

TEST_F(ElectedAnnouncerTest, OtherTermsOfAPoolReachItsAddressesAfterForget) {
  Put("a", 201);
  Look();
  pools_[0].announce_despite_proxy = true;
  announcer_.Forget();
  Look();
  EXPECT_TRUE(announcing_.elected().at(Vip(201)).despite_proxy);
}

}  // namespace
}  // namespace lb
