// The history of announcements on simulated hosts: all nodes tell a takeover
// alike, and a restart forgets nothing.
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/status_view/timestamp.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/status/v1/status.pb.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using status::v1::Announcement;
using ::testing::SizeIs;

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    cluster_.SetManifests(PoolManifest("pool", "172.18.8.201-172.18.8.210") +
                          kAdvertisement + ServiceManifest("web"));
    cluster_.StartAll();
    EXPECT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(10)));
    cluster_.RunFor(absl::Seconds(10));
    holder_ = cluster_.AnnouncersOf("172.18.8.201").at(0);
  }

  std::vector<Announcement> All(const std::string& node) {
    const auto history = cluster_.view(node).ListAnnouncements({});
    EXPECT_TRUE(history.ok());
    return {history->announcements().begin(), history->announcements().end()};
  }
  // Returns the last two announcements in `node`'s history: "n2 LOST, n1
  // END_...".
  std::string LastTwo(const std::string& node) {
    const auto all = All(node);
    EXPECT_GE(all.size(), 2) << cluster_.Dump();
    std::string text;
    for (size_t i = all.size() - 2; i < all.size(); ++i) {
      text += all[i].node() + " " + Announcement::End_Name(all[i].end()) + "; ";
    }
    return text;
  }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
  std::string holder_;
};

TEST_F(HistoryTest, AllNodesTellATakeoverAlikeWithinSeconds) {
  const absl::Time crashed = cluster_.world().loop().CivilNow();
  cluster_.Crash(holder_);
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(20)));
  const std::string heir = cluster_.AnnouncersOf("172.18.8.201").at(0);
  for (const std::string& name : cluster_.names()) {
    if (!cluster_.running(name)) continue;
    SCOPED_TRACE(name);
    EXPECT_EQ(LastTwo(name), holder_ + " LOST; " + heir + " END_UNSPECIFIED; ");
    const Announcement ended = All(name)[All(name).size() - 2];
    EXPECT_LT(ToTime(ended.to()) - crashed, absl::Seconds(3));
    EXPECT_EQ(All(name).back().from().seconds(), ended.to().seconds());
  }
}

TEST_F(HistoryTest, ADrainedNodeSaysMovedAsTheOthersDo) {
  ASSERT_TRUE(cluster_.agent(holder_).Drain().ok());
  cluster_.RunFor(absl::Seconds(3));
  const std::string heir = cluster_.AnnouncersOf("172.18.8.201").at(0);
  for (const std::string& name : cluster_.names()) {
    EXPECT_EQ(LastTwo(name), holder_ + " MOVED; " + heir + " END_UNSPECIFIED; ")
        << name;
  }
}

TEST_F(HistoryTest, ACrashAndARestartKeepIt) {
  const Announcement before = All(holder_).back();
  cluster_.Kill(holder_);
  const absl::Time killed = cluster_.world().loop().CivilNow();
  cluster_.RunFor(absl::Seconds(30));
  cluster_.Start(holder_);
  cluster_.RunFor(absl::Seconds(30));
  const Announcement own = All(holder_).at(All(holder_).size() - 2);
  EXPECT_EQ(own.node(), holder_);
  EXPECT_EQ(own.end(), Announcement::CRASHED);
  EXPECT_EQ(absl::FromUnixMicros(absl::ToUnixMicros(ToTime(before.from()))),
            ToTime(own.from()));
  EXPECT_LE(ToTime(own.to()), killed);
  EXPECT_GE(ToTime(own.to()), killed - absl::Seconds(61));
}

TEST_F(HistoryTest, WhatLastsElsewhereLastsOverARestart) {
  for (const std::string& name : cluster_.names()) {
    if (name == holder_) continue;
    SCOPED_TRACE(name);
    cluster_.Kill(name);
    cluster_.RunFor(absl::Seconds(1));
    cluster_.Start(name);
    cluster_.RunFor(absl::Seconds(30));
    EXPECT_THAT(All(name), SizeIs(1)) << cluster_.Dump();
    EXPECT_EQ(All(name).back().node(), holder_);
    EXPECT_EQ(All(name).back().end(), Announcement::END_UNSPECIFIED);
  }
}

TEST_F(HistoryTest, AStoppedNodeSaysItHandedOver) {
  bool left = false;
  cluster_.agent(holder_).Leave([&] { left = true; });
  cluster_.RunFor(absl::Seconds(4));
  ASSERT_TRUE(left);
  for (const Announcement& announcement : All(holder_)) {
    if (announcement.node() != holder_) continue;
    EXPECT_NE(announcement.end(), Announcement::END_UNSPECIFIED);
  }
  EXPECT_THAT(LastTwo(holder_), testing::StartsWith(holder_ + " MOVED; "));
}

TEST_F(HistoryTest, AStalledNodesOwnEndsWhenItWasLastRun) {
  const absl::Time stalled = cluster_.world().loop().CivilNow();
  cluster_.host(holder_).Pause();
  cluster_.RunFor(absl::Seconds(8));
  cluster_.host(holder_).Resume();
  cluster_.RunFor(absl::Seconds(10));
  for (const Announcement& announcement : All(holder_)) {
    if (announcement.end() != Announcement::SILENT) continue;
    EXPECT_LT(absl::AbsDuration(ToTime(announcement.to()) - stalled),
              absl::Seconds(1));
    return;
  }
  FAIL() << cluster_.Dump();
}

TEST_F(HistoryTest, PagesAndFilters) {
  cluster_.SetManifests(PoolManifest("pool", "172.18.8.201-172.18.8.210") +
                        kAdvertisement + ServiceManifest("web") +
                        ServiceManifest("two") + ServiceManifest("three"));
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(10)));
  status::v1::ListAnnouncementsRequest request;
  request.set_page_size(1);
  std::vector<std::string> services;
  do {
    const auto page = cluster_.view("n1").ListAnnouncements(request);
    ASSERT_TRUE(page.ok());
    for (const auto& one : page->announcements()) {
      services.push_back(one.service());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(services, SizeIs(3));
  EXPECT_EQ(services[0], "default/web");
  request = {};
  request.set_service("default/two");
  EXPECT_THAT(cluster_.view("n1").ListAnnouncements(request)->announcements(),
              SizeIs(1));
  request = {};
  request.set_address("172.18.8.201");
  request.set_node(holder_);
  EXPECT_THAT(cluster_.view("n1").ListAnnouncements(request)->announcements(),
              SizeIs(1));
  request.set_address("172.18.8.300");
  EXPECT_FALSE(cluster_.view("n1").ListAnnouncements(request).ok());
}

}  // namespace
}  // namespace lb
