// Next hops are read beside the loop, and taken up when they come.
#include "daemon/hosts/address_owners.h"

#include <memory>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/hosts/testing/late_routes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/environment.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

net::IpAddress At(std::string_view text) { return *net::ParseIpAddress(text); }

class AddressOwnersTest : public testing::Test {
 protected:
  AddressOwnersTest() {
    io::Environment environment =
        world_.AddHost("n1", "10.1.0.1/24")->environment();
    environment.routes = &routes_;
    owners_ =
        std::make_unique<AddressOwners>(AddressOwners::Options{.node = "n1"},
                                        environment, [this] { ++changes_; });
  }

  std::vector<net::IpAddress> Routers() {
    owners_->SetOwn();
    return owners_->table().entries().at("n1").facts.routers;
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  io::SimWorld world_{/*seed=*/1};
  LateRoutes routes_;
  std::unique_ptr<AddressOwners> owners_;
  int changes_ = 0;
};

TEST_F(AddressOwnersTest, AtTheStartItWaitsForTheRouters) {
  routes_.hops = {At("10.1.0.254")};
  EXPECT_THAT(Routers(), ElementsAre(At("10.1.0.254")));
  EXPECT_EQ(routes_.waited, 1);
  EXPECT_FALSE(routes_.pending);
}

TEST_F(AddressOwnersTest, LaterItTakesThemUpWhenTheyCome) {
  EXPECT_THAT(Routers(), IsEmpty());
  routes_.hops = {At("10.1.0.254")};
  RunFor(AddressOwners::kRoutersInterval + absl::Seconds(1));
  ASSERT_TRUE(routes_.pending);
  EXPECT_THAT(Routers(), IsEmpty());
  EXPECT_EQ(changes_, 0);
  routes_.Answer();
  EXPECT_EQ(changes_, 1);
  EXPECT_THAT(Routers(), ElementsAre(At("10.1.0.254")));
  EXPECT_EQ(routes_.waited, 1);
}

TEST_F(AddressOwnersTest, OneReadingIsUnderWayAtATime) {
  Routers();
  RunFor(absl::Minutes(1));  // The table would say so.
  ASSERT_TRUE(routes_.pending);
  routes_.Answer();
  RunFor(AddressOwners::kRoutersInterval);
  EXPECT_TRUE(routes_.pending);
}

TEST_F(AddressOwnersTest, ItMayGoBeforeTheyCome) {
  Routers();
  RunFor(absl::Minutes(1));
  owners_ = nullptr;
  routes_.hops = {At("10.1.0.254")};
  routes_.Answer();
  EXPECT_EQ(changes_, 0);
}

}  // namespace
}  // namespace lb
