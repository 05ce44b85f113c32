#include "lb/gossip/own_name.h"

#include <memory>
#include <variant>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class OwnNameTest : public PartTest {
 protected:
  // This node was at the address of z before.
  OwnNameTest() {
    Restart(LanProfile(), {AddressOf("z")});
    own_name_ = std::make_unique<OwnName>(*state_, now_);
  }
  void Run() {
    now_ = own_name_->NextDeadline();
    own_name_->OnTimer(now_);
  }
  bool OnPing(const net::Endpoint& source, uint32_t sequence) {
    return own_name_->OnPing(
        now_, {.sequence = sequence,
               .node = "self",
               .source = {source.address.ToBytes(), source.port, "self"}});
  }

  std::unique_ptr<OwnName> own_name_;
};

TEST_F(OwnNameTest, PingsTheLastAddressThreeTimes) {
  for (int i = 0; i < 3; ++i) {
    Run();
    EXPECT_THAT(Sent(), ElementsAre("z: ping self"));
  }
  Run();
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_EQ(own_name_->NextDeadline(), absl::InfiniteFuture());
}

TEST_F(OwnNameTest, AHostThatAcksThereHasTheName) {
  Run();
  EXPECT_FALSE(own_name_->OnAck(now_, 99));
  EXPECT_TRUE(own_name_->OnAck(now_, 1));
  const auto events = state_->roster.TakeEvents();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(std::get<ConflictEvent>(events[0]).other, AddressOf("z"));
  EXPECT_EQ(own_name_->NextDeadline(), now_ + absl::Seconds(10));
}

TEST_F(OwnNameTest, TheOwnPingShowsThatTheAddressIsThisHosts) {
  Run();
  EXPECT_FALSE(OnPing(At(1), 99));
  EXPECT_TRUE(OnPing(At(1), 1));
  EXPECT_EQ(own_name_->NextDeadline(), absl::InfiniteFuture());
  EXPECT_THAT(state_->roster.TakeEvents(), IsEmpty());
}

TEST_F(OwnNameTest, APingUnderTheNameFromElsewhereIsAConflict) {
  EXPECT_FALSE(OnPing(At(9), 5));  // It is acked.
  EXPECT_THAT(state_->roster.TakeEvents(), SizeIs(1));
}

}  // namespace
}  // namespace lb::gossip
