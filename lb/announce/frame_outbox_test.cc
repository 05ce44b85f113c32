#include "lb/announce/frame_outbox.h"

#include "gmock/gmock.h"

namespace lb::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const net::IpAddress kVip = *net::ParseIpAddress("10.0.0.1");
const net::IpAddress kDecoy = *net::ParseIpAddress("10.0.0.77");

class FrameOutboxTest : public testing::Test {
 protected:
  FrameOutboxTest() { outbox_.Hold(kVip); }

  std::vector<int> TakeMarks() {
    std::vector<int> marks;
    for (const OutgoingFrame& frame : outbox_.Take()) {
      marks.push_back(frame.bytes.at(0));
    }
    return marks;
  }

  FrameOutbox outbox_{/*frames_max=*/2};
};

TEST_F(FrameOutboxTest, FramesLeaveInTheirOrderOnce) {
  EXPECT_TRUE(outbox_.AddReply("eth0", kVip, {1}));
  outbox_.AddUnasked("eth0", {.vip = kVip, .is_probe = false, .bytes = {2}});
  EXPECT_THAT(TakeMarks(), ElementsAre(1, 2));
  EXPECT_THAT(TakeMarks(), IsEmpty());
}

TEST_F(FrameOutboxTest, ARefusedReplyIsAQuestionAllTheSame) {
  EXPECT_TRUE(outbox_.AddReply("eth0", kVip, {1}));
  EXPECT_FALSE(outbox_.is_full());
  EXPECT_TRUE(outbox_.AddReply("eth0", kVip, {2}));
  EXPECT_TRUE(outbox_.is_full());
  EXPECT_FALSE(outbox_.AddReply("eth0", kVip, {3}));
  const AddressCounters& counters = outbox_.counters().at(kVip);
  EXPECT_EQ(counters.requests_received, 3u);
  EXPECT_EQ(counters.responses_sent, 2u);
  EXPECT_THAT(TakeMarks(), ElementsAre(1, 2));
}

TEST_F(FrameOutboxTest, CountsWhatIsHeldAlone) {
  outbox_.AddUnasked("eth0", {.vip = kVip, .is_probe = true, .bytes = {1}});
  outbox_.AddUnasked("eth0", {.vip = kVip, .is_probe = false, .bytes = {2}});
  outbox_.AddUnasked("eth0", {.vip = kDecoy, .is_probe = true, .bytes = {3}});
  outbox_.CountConflict(kVip);
  ASSERT_THAT(outbox_.counters(), SizeIs(1));
  EXPECT_EQ(outbox_.counters().at(kVip),
            (AddressCounters{
                .gratuitous_sent = 1, .probes_sent = 1, .conflicts_seen = 1}));
  outbox_.Hold(kVip);  // Keeps them.
  EXPECT_EQ(outbox_.counters().at(kVip).probes_sent, 1u);
  outbox_.Release(kVip);
  EXPECT_THAT(outbox_.counters(), IsEmpty());
}

TEST_F(FrameOutboxTest, WhatIsDroppedIsNotSent) {
  outbox_.AddUnasked("eth0", {.vip = kVip, .is_probe = false, .bytes = {1}});
  outbox_.AddUnasked("eth1", {.vip = kVip, .is_probe = false, .bytes = {2}});
  outbox_.AddUnasked("eth0", {.vip = kDecoy, .is_probe = false, .bytes = {3}});
  outbox_.Drop({kVip, "eth0"});
  EXPECT_THAT(TakeMarks(), ElementsAre(2, 3));
  outbox_.AddUnasked("eth0", {.vip = kVip, .is_probe = false, .bytes = {4}});
  outbox_.Clear();
  EXPECT_THAT(TakeMarks(), IsEmpty());
}

}  // namespace
}  // namespace lb::announce
