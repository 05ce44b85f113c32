#include "lb/gossip/gossip_session.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "gtest/gtest.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {
namespace {

using wire::Bytes;

constexpr GossipSessions::Bounds kBounds = {.accepted_max = 2,
                                            .bytes_max = 100};

uint64_t AddOf(GossipSessions& sessions, size_t bytes,
               std::optional<uint64_t> request = std::nullopt) {
  auto session = std::make_unique<GossipSession>();
  session->request = request;
  session->received = Bytes(bytes);
  return sessions.Add(std::move(session));
}

TEST(GossipSessionTest, WaitsAndHoldsBytesWhileAnAnswerIsToBeEncoded) {
  GossipSession session;
  EXPECT_FALSE(session.waits());
  EXPECT_EQ(session.bytes(), 0u);
  session.reply = Bytes(10);
  EXPECT_TRUE(session.waits());
  EXPECT_EQ(session.bytes(), 10u);
}

TEST(GossipSessionTest, WaitsWithALargeExchange) {
  GossipSession session;
  session.exchange.emplace();
  EXPECT_TRUE(session.waits());
}

TEST(GossipSessionsTest, BoundStreamsOfPeersOnly) {
  GossipSessions sessions(kBounds);
  for (uint64_t request = 0; request < 3; ++request) {
    AddOf(sessions, 0, request);
  }
  AddOf(sessions, 0);
  EXPECT_TRUE(sessions.MayAccept());
  const uint64_t last = AddOf(sessions, 0);
  EXPECT_FALSE(sessions.MayAccept());
  sessions.End(last);
  sessions.End(last);  // It has ended.
  EXPECT_TRUE(sessions.MayAccept());
  AddOf(sessions, 0);
  EXPECT_FALSE(sessions.MayAccept());
  EXPECT_EQ(sessions.Find(last), nullptr);
}

TEST(GossipSessionsTest, DropTheLargestOfAPeer) {
  GossipSessions sessions(kBounds);
  AddOf(sessions, 70, /*request=*/1);
  AddOf(sessions, 10);
  const uint64_t larger = AddOf(sessions, 20);
  EXPECT_EQ(sessions.Excess(), std::nullopt);
  const uint64_t answered = AddOf(sessions, 0);
  sessions.Find(answered)->reply = Bytes(19);
  EXPECT_EQ(sessions.Excess(), larger);
  sessions.Find(answered)->reply = Bytes(21);
  EXPECT_EQ(sessions.Excess(), answered);
}

TEST(GossipSessionsTest, DropOwnOnesIfPeersHoldNothing) {
  GossipSessions sessions(kBounds);
  AddOf(sessions, 0);
  AddOf(sessions, 40, /*request=*/1);
  const uint64_t larger = AddOf(sessions, 61, /*request=*/2);
  EXPECT_EQ(sessions.Excess(), larger);
}

}  // namespace
}  // namespace lb::gossip
