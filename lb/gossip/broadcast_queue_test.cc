#include "lb/gossip/broadcast_queue.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::Bytes;

// A message that can be told by its first byte.
Bytes Message(uint8_t mark, size_t size = 10) {
  Bytes message(size, 0);
  message[0] = mark;
  return message;
}

// The marks of what one packet of `bytes` takes.
std::vector<int> TakeMarks(BroadcastQueue& queue, size_t bytes,
                           int transmit_limit = 4, size_t parts = 127) {
  PacketRoom room{.bytes = bytes, .parts = parts};
  std::vector<int> marks;
  size_t used = 0;
  for (const Weight weight : {Weight::kNews, Weight::kHearsay}) {
    for (const Bytes& message : queue.Take(room, transmit_limit, weight)) {
      marks.push_back(message[0]);
      used += message.size() + kPartOverhead;
    }
  }
  EXPECT_EQ(room.bytes + used, bytes);
  return marks;
}

TEST(BroadcastQueueTest, LargestThenNewestFirst) {
  BroadcastQueue queue(100);
  queue.Push("a", Message(1, 10));
  queue.Push("b", Message(2, 20));
  queue.Push("c", Message(3, 10));
  EXPECT_THAT(TakeMarks(queue, 1000), ElementsAre(2, 3, 1));
}

TEST(BroadcastQueueTest, HearsayIsTakenByItself) {
  BroadcastQueue queue(100);
  queue.Push("fake", Message(1, 30), Weight::kHearsay);
  PacketRoom room{.bytes = 100, .parts = 127};
  EXPECT_THAT(queue.Take(room, 4, Weight::kNews), IsEmpty());
  EXPECT_EQ(room.bytes, 100u);
  EXPECT_THAT(queue.Take(room, 4, Weight::kHearsay),
              ElementsAre(Message(1, 30)));
}

TEST(BroadcastQueueTest, HearsayGoesBehindNews) {
  BroadcastQueue queue(100);
  queue.Push("fake", Message(1, 30), Weight::kHearsay);
  queue.Push("a", Message(2, 10));
  EXPECT_THAT(TakeMarks(queue, 14), ElementsAre(2));
  EXPECT_THAT(TakeMarks(queue, 1000), ElementsAre(2, 1));  // Sent once already.
  queue.Push("b", Message(3, 10), Weight::kHearsay);
  queue.Confirm("b");
  queue.Confirm("unknown");
  EXPECT_THAT(TakeMarks(queue, 1000, 2), ElementsAre(3, 2, 1));
  EXPECT_THAT(TakeMarks(queue, 1000, 2), ElementsAre(3));
  EXPECT_TRUE(queue.empty());
}

TEST(BroadcastQueueTest, AFullQueueDropsHearsayFirst) {
  BroadcastQueue queue(2);
  EXPECT_TRUE(queue.Push("a", Message(1, 10)));
  EXPECT_THAT(TakeMarks(queue, 1000), ElementsAre(1));
  EXPECT_TRUE(queue.Push("fake", Message(2, 10), Weight::kHearsay));
  EXPECT_FALSE(queue.Push("b", Message(3, 10)));
  EXPECT_FALSE(queue.Contains("fake"));
}

TEST(BroadcastQueueTest, TakesWhatFits) {
  BroadcastQueue queue(100);
  queue.Push("a", Message(1, 50));
  queue.Push("b", Message(2, 30));
  queue.Push("c", Message(3, 8));
  EXPECT_THAT(TakeMarks(queue, 42), ElementsAre(2, 3));
  EXPECT_THAT(TakeMarks(queue, 52), ElementsAre(1));
}

TEST(BroadcastQueueTest, LeastSentFirst) {
  BroadcastQueue queue(100);
  queue.Push("a", Message(1, 20));
  EXPECT_THAT(TakeMarks(queue, 30), ElementsAre(1));
  queue.Push("b", Message(2, 10));
  EXPECT_THAT(TakeMarks(queue, 34), ElementsAre(2, 1));
}

TEST(BroadcastQueueTest, EndsAtTheTransmitLimit) {
  BroadcastQueue queue(100);
  queue.Push("a", Message(1));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(TakeMarks(queue, 100, 3), ElementsAre(1));
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.Contains("a"));
  EXPECT_THAT(TakeMarks(queue, 100, 3), IsEmpty());
}

TEST(BroadcastQueueTest, IsSentOnceThoughTheLimitIsZero) {
  BroadcastQueue queue(100);
  queue.Push("a", Message(1));
  EXPECT_THAT(TakeMarks(queue, 100, 0), ElementsAre(1));
  EXPECT_TRUE(queue.empty());
}

TEST(BroadcastQueueTest, NewsAboutANodeReplacesTheOld) {
  BroadcastQueue queue(100);
  queue.Push("a", Message(1));
  EXPECT_THAT(TakeMarks(queue, 100, 2), ElementsAre(1));
  queue.Push("a", Message(2));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_THAT(TakeMarks(queue, 100, 2), ElementsAre(2));
  EXPECT_THAT(TakeMarks(queue, 100, 2), ElementsAre(2));
  EXPECT_TRUE(queue.empty());
}

TEST(BroadcastQueueTest, EachPacketHasAMessageOnce) {
  BroadcastQueue queue(100);
  queue.Push("a", Message(1));
  EXPECT_THAT(TakeMarks(queue, 10000), ElementsAre(1));
}

TEST(BroadcastQueueTest, RespectsThePartsOfACompound) {
  BroadcastQueue queue(100);
  for (int i = 0; i < 5; ++i) {
    queue.Push(std::string(1, static_cast<char>('a' + i)),
               Message(static_cast<uint8_t>(i)));
  }
  EXPECT_EQ(TakeMarks(queue, 10000, 4, /*parts=*/3).size(), 3u);
  EXPECT_THAT(TakeMarks(queue, 10000, 4, /*parts=*/0), IsEmpty());
}

TEST(BroadcastQueueTest, OverflowDropsTheMostSent) {
  BroadcastQueue queue(2);
  EXPECT_TRUE(queue.Push("a", Message(1)));
  EXPECT_THAT(TakeMarks(queue, 100), ElementsAre(1));
  EXPECT_TRUE(queue.Push("b", Message(2)));
  EXPECT_FALSE(queue.Push("c", Message(3)));
  EXPECT_FALSE(queue.Contains("a"));
  EXPECT_THAT(TakeMarks(queue, 100), ElementsAre(3, 2));
}

}  // namespace
}  // namespace lb::gossip
