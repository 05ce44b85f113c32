#include "daemon/routing/restart_record.h"

#include <string>

#include "gtest/gtest.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

class RestartRecordTest : public testing::Test {
 protected:
  bgp::RestartState TakeUp(const std::string& boot_id) {
    RestartRecord record(boot_id, io::StatePorts::From(host_->environment()));
    const bgp::RestartState state = record.TakeUp(absl::Seconds(30));
    record.Keep();
    world_.loop().RunFor(absl::Seconds(1));  // It is written.
    return state;
  }

  io::SimWorld world_{1};
  io::SimHost* const host_ = world_.AddHost("n1", "10.0.0.1/24");
};

TEST_F(RestartRecordTest, TheFirstProcessHasNotRestarted) {
  EXPECT_FALSE(TakeUp("boot-1").claim.restarted);
}

TEST_F(RestartRecordTest, TheNextOneOfABootHas) {
  TakeUp("boot-1");
  const absl::Time now = host_->environment().loop->Now();
  const bgp::RestartState state = TakeUp("boot-1");
  EXPECT_TRUE(state.claim.restarted);
  EXPECT_TRUE(state.claim.forwarding_kept);
  EXPECT_EQ(state.until, now + absl::Seconds(30));
  EXPECT_TRUE(TakeUp("boot-1").claim.forwarding_kept);
}

TEST_F(RestartRecordTest, AfterARebootNoPacketWasForwarded) {
  TakeUp("boot-1");
  const bgp::RestartState state = TakeUp("boot-2");
  EXPECT_TRUE(state.claim.restarted);
  EXPECT_FALSE(state.claim.forwarding_kept);
  EXPECT_TRUE(TakeUp("boot-2").claim.forwarding_kept);
}

TEST_F(RestartRecordTest, NothingIsClaimedOfAnUnknownBootOrADamagedRecord) {
  TakeUp("");
  EXPECT_FALSE(TakeUp("").claim.restarted);
  TakeUp("boot-1");
  host_->state().values()["bgp-restart"] = "damaged";
  EXPECT_FALSE(TakeUp("boot-1").claim.restarted);
  EXPECT_TRUE(TakeUp("boot-1").claim.restarted);
}

}  // namespace
}  // namespace lb
