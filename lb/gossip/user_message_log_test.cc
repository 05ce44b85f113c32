#include "lb/gossip/user_message_log.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::Bytes;

std::vector<Bytes> Take(const UserMessageLog& log, uint64_t& cursor,
                        size_t bytes = 1000) {
  PacketRoom room{.bytes = bytes, .parts = 127};
  return log.Take(cursor, room);
}

TEST(UserMessageLogTest, GivesEachMemberAllInOrder) {
  UserMessageLog log(/*messages_max=*/10, /*copies=*/1);
  EXPECT_TRUE(log.Append({1}));
  EXPECT_TRUE(log.Append({2}));
  uint64_t a = 0;
  uint64_t b = 0;
  EXPECT_THAT(Take(log, a, /*bytes=*/5), ElementsAre(Bytes{1}));
  EXPECT_THAT(Take(log, a), ElementsAre(Bytes{2}));
  EXPECT_THAT(Take(log, a), IsEmpty());
  EXPECT_THAT(Take(log, b), ElementsAre(Bytes{1}, Bytes{2}));
}

TEST(UserMessageLogTest, ForgetsWhatAllHave) {
  UserMessageLog log(10, /*copies=*/1);
  log.Append({1});
  log.Append({2});
  log.AllReached(1);
  EXPECT_EQ(log.size(), 1u);
  uint64_t newcomer = 0;
  EXPECT_THAT(Take(log, newcomer), ElementsAre(Bytes{2}));
  log.AllReached(log.end());
  EXPECT_TRUE(log.empty());
}

TEST(UserMessageLogTest, SendsEachMessageAsOftenAsAsked) {
  UserMessageLog log(10, /*copies=*/3);
  log.Append({1});
  uint64_t cursor = 0;
  for (int copy = 0; copy < 3; ++copy) {
    EXPECT_THAT(Take(log, cursor), ElementsAre(Bytes{1})) << copy;
    EXPECT_THAT(Take(log, cursor), IsEmpty());
    log.AllReached(cursor);
  }
  EXPECT_TRUE(log.empty());
}

TEST(UserMessageLogTest, RefusesWhenFull) {
  UserMessageLog log(2, 1);
  EXPECT_TRUE(log.Append({1}));
  EXPECT_TRUE(log.Append({2}));
  EXPECT_FALSE(log.Append({3}));
  log.AllReached(1);
  EXPECT_TRUE(log.Append({3}));
}

}  // namespace
}  // namespace lb::gossip
