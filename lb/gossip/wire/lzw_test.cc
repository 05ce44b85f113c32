#include "lb/gossip/wire/lzw.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/wire/crc32.h"

namespace lb::gossip::wire {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes RandomBytes(Prng* prng, size_t size, uint64_t alphabet) {
  Bytes bytes(size);
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(prng->Uniform(alphabet));
  }
  return bytes;
}

TEST(LzwTest, DecompressesWhatItCompressed) {
  Prng prng(1);
  // Long ones use all widths and clear the table; few letters give long
  // strings and the code that is only now learned.
  for (const uint64_t alphabet : {1, 2, 5, 256}) {
    for (const size_t size : {0u, 1u, 2u, 3u, 255u, 4096u, 50000u}) {
      SCOPED_TRACE(testing::Message() << alphabet << " letters, " << size);
      const Bytes plain = RandomBytes(&prng, size, alphabet);
      EXPECT_THAT(LzwDecompress(LzwCompress(plain), size), IsOkAndHolds(plain));
    }
  }
}

TEST(LzwTest, InflatesPieceByPieceTheSame) {
  Prng prng(4);
  const Bytes plain = RandomBytes(&prng, 50000, 3);
  const Bytes compressed = LzwCompress(plain);
  for (const size_t slice : {1u, 100u, 4096u, 60000u}) {
    LzwInflater inflater(compressed, plain.size());
    size_t steps = 1;
    for (size_t before = 0;; before = inflater.size(), ++steps) {
      const auto is_whole = inflater.Step(slice);
      ASSERT_THAT(is_whole, IsOk());
      if (*is_whole) break;
      ASSERT_GE(inflater.size(), before + slice);
      ASSERT_LT(inflater.size(), before + slice + 4096);  // And one string.
    }
    EXPECT_LE(steps, plain.size() / slice + 1);
    EXPECT_EQ(inflater.Take(), plain);
  }
}

TEST(LzwTest, NeedsNoClearCodeAtTheStart) {
  // 'a', end: 9 bits each. Older Go releases began so.
  const uint32_t bits = 'a' | 257u << 9;
  const Bytes compressed = {static_cast<uint8_t>(bits),
                            static_cast<uint8_t>(bits >> 8),
                            static_cast<uint8_t>(bits >> 16)};
  EXPECT_THAT(LzwDecompress(compressed, 10), IsOkAndHolds(Bytes{'a'}));
}

TEST(LzwTest, RejectsEveryTruncation) {
  Prng prng(2);
  const Bytes compressed = LzwCompress(RandomBytes(&prng, 2000, 4));
  for (size_t size = 0; size < compressed.size(); ++size) {
    EXPECT_THAT(
        LzwDecompress(absl::MakeConstSpan(compressed).first(size), 1 << 20),
        StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(LzwTest, IgnoresBytesAfterTheEnd) {
  Bytes compressed = LzwCompress(Bytes(10, 'a'));
  compressed.insert(compressed.end(), 5, 0xff);
  EXPECT_THAT(LzwDecompress(compressed, 10), IsOkAndHolds(Bytes(10, 'a')));
}

TEST(LzwTest, StopsAtTheStatedMaximum) {
  const Bytes compressed = LzwCompress(Bytes(1000, 0));
  EXPECT_THAT(LzwDecompress(compressed, 1000), IsOk());
  EXPECT_THAT(LzwDecompress(compressed, 999),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(LzwDecompress(compressed, 0),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(LzwTest, RejectsACodeNotYetLearned) {
  // Clear, 'a', 300: only 258 could follow.
  const uint32_t bits = 256u | 'a' << 9 | 300u << 18;
  const Bytes compressed = {static_cast<uint8_t>(bits),
                            static_cast<uint8_t>(bits >> 8),
                            static_cast<uint8_t>(bits >> 16),
                            static_cast<uint8_t>(bits >> 24),
                            0,
                            0};
  EXPECT_THAT(LzwDecompress(compressed, 100),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "lzw: code 300, want at most 258"));
}

TEST(LzwTest, SurvivesRandomInput) {
  Prng prng(3);
  for (int round = 0; round < 20000; ++round) {
    const Bytes noise = RandomBytes(&prng, prng.Uniform(200), 256);
    const auto plain = LzwDecompress(noise, 4096);
    EXPECT_TRUE(!plain.ok() || plain->size() <= 4096);
  }
}

// A full table without a clear code: nothing more is learned, and codes stay
// 12 bits wide.
TEST(LzwTest, GoesOnWithAFullTable) {
  Bytes compressed;
  uint64_t bits = 0;
  int count = 0;
  const auto write = [&](uint32_t code, int width) {
    bits |= uint64_t{code} << count;
    for (count += width; count >= 8; count -= 8, bits >>= 8) {
      compressed.push_back(static_cast<uint8_t>(bits));
    }
  };
  Bytes plain;
  // The n-th code makes n + 257 known; the width follows that.
  for (uint32_t n = 1; n <= 5000; ++n) {
    const uint32_t known = 256 + n;
    write('a' + n % 7, known < 512    ? 9
                       : known < 1024 ? 10
                       : known < 2048 ? 11
                                      : 12);
    plain.push_back(static_cast<uint8_t>('a' + n % 7));
  }
  write(4095, 12);  // Learned last: of the two literals that then met.
  write(257, 12);
  write(0, 12);
  const auto got = LzwDecompress(compressed, 10000);
  ASSERT_THAT(got, IsOk());
  ASSERT_EQ(got->size(), plain.size() + 2);
  EXPECT_TRUE(std::equal(plain.begin(), plain.end(), got->begin()));
}

TEST(Crc32Test, MatchesTheStandardsCheckValue) {
  constexpr std::string_view kCheck = "123456789";
  EXPECT_EQ(Crc32(Bytes(kCheck.begin(), kCheck.end())), 0xcbf43926u);
  EXPECT_EQ(Crc32({}), 0u);
}

}  // namespace
}  // namespace lb::gossip::wire
