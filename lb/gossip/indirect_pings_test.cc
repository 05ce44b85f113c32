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
  IndirectPings pings(kTimeout, 10);
  EXPECT_TRUE(pings.Begin(kStart, 5, Request(300, true)));
  EXPECT_THAT(pings.Find(4), IsNull());
  EXPECT_THAT(pings.Find(5), Pointee(Request(300, true)));
  pings.End(5);
  EXPECT_THAT(pings.Find(5), IsNull());
  EXPECT_THAT(pings.TakeNacks(kStart + kTimeout), IsEmpty());
}

TEST(IndirectPingsTest, NacksAtFourFifthsOfTheTimeout) {
  IndirectPings pings(kTimeout, 10);
  pings.Begin(kStart, 5, Request(300, true));
  EXPECT_EQ(pings.NextDeadline(), kStart + absl::Milliseconds(400));
  EXPECT_THAT(pings.TakeNacks(kStart + absl::Milliseconds(399)), IsEmpty());
  EXPECT_THAT(pings.TakeNacks(kStart + absl::Milliseconds(400)),
              ElementsAre(Request(300, true)));
  EXPECT_THAT(pings.TakeNacks(kStart + absl::Milliseconds(450)), IsEmpty());
}

TEST(IndirectPingsTest, PassesAnAckOnThatComesAfterTheNack) {
  IndirectPings pings(kTimeout, 10);
  pings.Begin(kStart, 5, Request(300, true));
  pings.TakeNacks(kStart + absl::Milliseconds(400));
  EXPECT_THAT(pings.Find(5), Pointee(Request(300, true)));
}

TEST(IndirectPingsTest, ForgetsAfterTheTimeout) {
  IndirectPings pings(kTimeout, 10);
  pings.Begin(kStart, 5, Request(300, false));
  EXPECT_EQ(pings.NextDeadline(), kStart + kTimeout);
  EXPECT_THAT(pings.TakeNacks(kStart + kTimeout), IsEmpty());
  EXPECT_THAT(pings.Find(5), IsNull());
  EXPECT_EQ(pings.NextDeadline(), absl::InfiniteFuture());
}

TEST(IndirectPingsTest, RefusesMoreThanItsMaximum) {
  IndirectPings pings(kTimeout, 2);
  EXPECT_TRUE(pings.Begin(kStart, 1, Request(1, true)));
  EXPECT_TRUE(pings.Begin(kStart, 2, Request(2, true)));
  EXPECT_FALSE(pings.Begin(kStart, 3, Request(3, true)));
  EXPECT_THAT(pings.Find(3), IsNull());
}

}  // namespace
}  // namespace lb::gossip
