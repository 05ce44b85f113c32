#include "lb/gossip/nonce_pool.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::gossip {
namespace {

TEST(NoncePoolTest, GivesEachNonceOnceAndAsksForManyAtATime) {
  uint16_t drawn = 0;
  size_t calls = 0;
  NoncePool pool([&](absl::Span<uint8_t> bytes) {
    ++calls;
    // No two bytes in a row are as two others.
    for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
      bytes[i] = static_cast<uint8_t>(drawn >> 8);
      bytes[i + 1] = static_cast<uint8_t>(drawn++);
    }
  });
  EXPECT_EQ(calls, 0u);
  std::set<wire::Nonce> given;
  constexpr size_t kTaken = 3 * NoncePool::kDrawn + 1;
  for (size_t i = 0; i < kTaken; ++i) given.insert(pool.Take());
  EXPECT_EQ(given.size(), kTaken);
  EXPECT_EQ(given.count(wire::Nonce{}), 0u);  // What was given is wiped.
  EXPECT_EQ(calls, 4u);
}

}  // namespace
}  // namespace lb::gossip
