#include "lb/bfd/poll_sequence.h"

#include "gtest/gtest.h"

namespace lb::bfd {
namespace {

TEST(PollSequenceTest, EndsWithTheAnswer) {
  PollSequence poll;
  EXPECT_FALSE(poll.is_running());
  poll.Start();
  EXPECT_TRUE(poll.is_running());
  poll.OnSent();
  poll.OnSent();
  EXPECT_TRUE(poll.OnFinal());
  EXPECT_FALSE(poll.is_running());
  EXPECT_FALSE(poll.OnFinal());  // To the packet that was sent twice.
}

TEST(PollSequenceTest, AnAnswerBeforeTheQuestionIsIgnored) {
  PollSequence poll;
  EXPECT_FALSE(poll.OnFinal());
  poll.OnSent();  // Without the bit.
  EXPECT_FALSE(poll.OnFinal());
  poll.Start();
  EXPECT_FALSE(poll.OnFinal());
  EXPECT_TRUE(poll.is_running());
}

TEST(PollSequenceTest, AChangeMeanwhileNeedsAnotherSequence) {
  PollSequence poll;
  poll.Start();
  poll.Start();  // Not asked yet: one sequence is enough.
  poll.OnSent();
  poll.Start();
  poll.Start();
  poll.OnSent();
  EXPECT_FALSE(poll.OnFinal());  // Perhaps to the values before.
  EXPECT_TRUE(poll.is_running());
  EXPECT_FALSE(poll.OnFinal());
  poll.OnSent();
  EXPECT_TRUE(poll.OnFinal());
  EXPECT_FALSE(poll.is_running());
}

TEST(PollSequenceTest, MayBeStopped) {
  PollSequence poll;
  poll.Start();
  poll.OnSent();
  poll.Stop();
  EXPECT_FALSE(poll.is_running());
  EXPECT_FALSE(poll.OnFinal());
}

}  // namespace
}  // namespace lb::bfd
