#include "lb/gossip/indirect_pings.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsNull;
using testing::Pointee;

constexpr absl::Time kStart = absl::UnixEpoch();
constexpr absl::Duration kTimeout = absl::Milliseconds(500);

IndirectPingRequest Request(uint32_t sequence, bool nack) {
  return {.requester = {net::IpAddress::Ipv4(0x0a000001), 7946},
          .sequence = sequence,
          .nack = nack};
}

TEST(IndirectPingsTest, PassesTheAckOnOnce) {
  IndirectPings relay(kTimeout, 10);
  EXPECT_TRUE(relay.Begin(kStart, 5, Request(300, true)));
  EXPECT_THAT(relay.Find(4), IsNull());
  EXPECT_THAT(relay.Find(5), Pointee(Request(300, true)));
  relay.End(5);
  EXPECT_THAT(relay.Find(5), IsNull());
  EXPECT_THAT(relay.TakeNacks(kStart + kTimeout), IsEmpty());
}

TEST(IndirectPingsTest, NacksAtFourFifthsOfTheTimeout) {
  IndirectPings relay(kTimeout, 10);
  relay.Begin(kStart, 5, Request(300, true));
  EXPECT_EQ(relay.NextDeadline(), kStart + absl::Milliseconds(400));
  EXPECT_THAT(relay.TakeNacks(kStart + absl::Milliseconds(399)), IsEmpty());
  EXPECT_THAT(relay.TakeNacks(kStart + absl::Milliseconds(400)),
              ElementsAre(Request(300, true)));
  EXPECT_THAT(relay.TakeNacks(kStart + absl::Milliseconds(450)), IsEmpty());
}

TEST(IndirectPingsTest, PassesAnAckOnThatComesAfterTheNack) {
  IndirectPings relay(kTimeout, 10);
  relay.Begin(kStart, 5, Request(300, true));
  relay.TakeNacks(kStart + absl::Milliseconds(400));
  EXPECT_THAT(relay.Find(5), Pointee(Request(300, true)));
}

TEST(IndirectPingsTest, ForgetsAfterTheTimeout) {
  IndirectPings relay(kTimeout, 10);
  relay.Begin(kStart, 5, Request(300, false));
  EXPECT_EQ(relay.NextDeadline(), kStart + kTimeout);
  EXPECT_THAT(relay.TakeNacks(kStart + kTimeout), IsEmpty());
  EXPECT_THAT(relay.Find(5), IsNull());
  EXPECT_EQ(relay.NextDeadline(), absl::InfiniteFuture());
}

TEST(IndirectPingsTest, RefusesMoreThanItsMaximum) {
  IndirectPings relay(kTimeout, 2);
  EXPECT_TRUE(relay.Begin(kStart, 1, Request(1, true)));
  EXPECT_TRUE(relay.Begin(kStart, 2, Request(2, true)));
  EXPECT_FALSE(relay.Begin(kStart, 3, Request(3, true)));
  EXPECT_THAT(relay.Find(3), IsNull());
}

}  // namespace
}  // namespace lb::gossip
