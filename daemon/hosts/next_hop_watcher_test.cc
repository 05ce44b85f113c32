#include "daemon/hosts/next_hop_watcher.h"

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/hosts/testing/late_routes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

net::IpAddress At(std::string_view text) { return *net::ParseIpAddress(text); }

class NextHopWatcherTest : public testing::Test {
 protected:
  std::unique_ptr<NextHopWatcher> Watcher(const io::RouteTable* routes) {
    return std::make_unique<NextHopWatcher>(loop_, routes,
                                            [this] { ++changes_; });
  }
  const std::vector<net::IpAddress>& Hops() const {
    return watcher_->found().addresses;
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  io::SimWorld world_{/*seed=*/1};
  io::Loop* const loop_ =
      world_.AddHost("n1", "10.1.0.1/24")->environment().loop;
  LateRoutes routes_;
  int changes_ = 0;
  std::unique_ptr<NextHopWatcher> watcher_ = Watcher(&routes_);
};

TEST_F(NextHopWatcherTest, ReadsNothingBeforeItIsAsked) {
  RunFor(absl::Minutes(1));
  EXPECT_EQ(routes_.waited, 0);
  EXPECT_FALSE(routes_.pending);
}

TEST_F(NextHopWatcherTest, WaitsForTheFirstReadingOnly) {
  routes_.hops = {At("10.1.0.254")};
  watcher_->Refresh();
  EXPECT_THAT(Hops(), ElementsAre(At("10.1.0.254")));
  EXPECT_EQ(changes_, 1);
  RunFor(NextHopWatcher::kInterval);
  EXPECT_EQ(routes_.waited, 1);
  EXPECT_TRUE(routes_.pending);
}

TEST_F(NextHopWatcherTest, TellsWhatHasChanged) {
  watcher_->Refresh();
  for (const std::vector<net::IpAddress>& hops :
       {std::vector{At("10.1.0.254")}, {At("10.1.0.254")}, {}}) {
    routes_.hops = hops;
    RunFor(NextHopWatcher::kInterval);
    ASSERT_TRUE(routes_.pending);
    routes_.Answer();
    EXPECT_EQ(Hops(), hops);
  }
  EXPECT_EQ(changes_, 2);
}

TEST_F(NextHopWatcherTest, ReadsOftenWhenItIsAskedOftenButNotAlways) {
  watcher_->Refresh();
  RunFor(NextHopWatcher::kPause);
  watcher_->Refresh();
  EXPECT_FALSE(routes_.pending);
  RunFor(absl::Milliseconds(1));
  watcher_->Refresh();
  EXPECT_TRUE(routes_.pending);
  // One that is under way is enough.
  RunFor(absl::Minutes(1));
  watcher_->Refresh();
}

TEST_F(NextHopWatcherTest, AReadingThatFailsLeavesWhatWasFound) {
  routes_.hops = {At("10.1.0.254")};
  watcher_->Refresh();
  routes_.fault = absl::UnavailableError("busy");
  RunFor(NextHopWatcher::kInterval);
  routes_.Answer();
  EXPECT_THAT(Hops(), ElementsAre(At("10.1.0.254")));
  EXPECT_EQ(changes_, 1);
}

TEST_F(NextHopWatcherTest, MayGoBeforeAReadingEnds) {
  watcher_->Refresh();
  RunFor(absl::Minutes(1));
  watcher_ = nullptr;
  routes_.hops = {At("10.1.0.254")};
  routes_.Answer();
  EXPECT_EQ(changes_, 0);
}

TEST_F(NextHopWatcherTest, AHostWithoutATableHasNone) {
  watcher_ = Watcher(nullptr);
  watcher_->Refresh();
  RunFor(absl::Minutes(1));
  EXPECT_THAT(Hops(), IsEmpty());
}

}  // namespace
}  // namespace lb
