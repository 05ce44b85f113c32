#include "lb/gossip/wire/stream_inflation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/message_codec.h"

namespace lb::gossip::wire {
namespace {

// The LZW bytes of `plain`.
Bytes Compressed(const Bytes& plain) {
  const Bytes message = Compress(plain);
  const auto bytes = ParseCompressed(message);
  return Bytes(bytes->begin(), bytes->end());
}

// 16,384 nodes, none like another: 2.5 MB and more.
PushPull LargeExchange() {
  PushPull exchange;
  for (uint32_t n = 0; n < 16384; ++n) {
    const auto byte = [n](int shift) {
      return static_cast<uint8_t>(n >> shift);
    };
    Bytes meta;
    for (int i = 0; i < 64; ++i) {
      meta.push_back(static_cast<uint8_t>((n * 2654435761u + i * 40503u) >> 9));
    }
    exchange.nodes.push_back(
        {.node = Share({.name = "node-" + std::to_string(n),
                        .address = Bytes{10, 1, byte(8), byte(0)},
                        .port = 7946,
                        .meta = std::move(meta),
                        .versions = Bytes{1, 5, 2, 0, 0, 0}}),
         .incarnation = n});
  }
  return exchange;
}

TEST(StreamInflationTest, ABombIsRefusedAfterAMegabyte) {
  const Bytes bomb = Compressed(Bytes(13'000'000));
  ASSERT_LT(bomb.size(), 10'240u);
  StreamInflation inflation(bomb);
  int steps = 0;
  absl::StatusOr<std::optional<StreamMessage>> step;
  size_t largest = 0;
  do {
    step = inflation.Step();
    ++steps;
    largest = std::max(largest, inflation.bytes());
  } while (step.ok() && !*step);
  EXPECT_THAT(step, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_LE(largest, bomb.size() + kInflateRatioMax * bomb.size());
  EXPECT_LE(largest - bomb.size(), 1u << 20);
  EXPECT_LE(steps, 16);
}

TEST(StreamInflationTest, ALargeExchangeComesOutInSlices) {
  const StreamMessage exchange = LargeExchange();
  const Bytes plain = SerializeStreamMessage(exchange);
  const Bytes compressed = Compressed(plain);
  EXPECT_LT(plain.size() / compressed.size(), 10u);  // Far from the bound.
  StreamInflation inflation(compressed);
  size_t steps = 1;
  while (true) {
    auto step = inflation.Step();
    ASSERT_THAT(step, IsOk());
    if (*step) {
      EXPECT_EQ(**step, exchange);
      break;
    }
    ++steps;
  }
  EXPECT_GT(steps, plain.size() / (kInflateSlice + 4096));
  EXPECT_LE(steps, plain.size() / kInflateSlice + 1);
}

TEST(StreamInflationTest, UpToASliceTheRatioIsFree) {
  const StreamMessage message = User{.payload = Bytes(60'000)};
  StreamInflation inflation(Compressed(SerializeStreamMessage(message)));
  const auto step = inflation.Step();
  ASSERT_THAT(step, IsOk());
  EXPECT_EQ(*step, message);
}

TEST(StreamInflationTest, WhatIsCutShortInsideIsDamaged) {
  Bytes plain = SerializeStreamMessage(User{.payload = Bytes(100)});
  plain.pop_back();
  StreamInflation inflation(Compressed(plain));
  EXPECT_THAT(inflation.Step(), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lb::gossip::wire
