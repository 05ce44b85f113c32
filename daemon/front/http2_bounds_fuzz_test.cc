// Bytes of all kinds, in pieces of all sizes, get the same verdict as from a
// slow reader that has all of them at once.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/front/http2_bounds.h"
#include "daemon/front/testing/http2_frames.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb::front {
namespace {

using Verdict = Http2Bounds::Verdict;

constexpr int kRounds = 20'000;
constexpr uint64_t kSeed = 20240501;

uint8_t At(std::string_view bytes, size_t i) {
  return static_cast<uint8_t>(bytes[i]);
}

// The verdict for a caller that never acknowledges.
Verdict JudgeSlowly(std::string_view bytes) {
  const size_t begun = std::min(bytes.size(), kPreface.size());
  if (bytes.substr(0, begun) != kPreface.substr(0, begun)) {
    return Verdict::kNoPreface;
  }
  bytes.remove_prefix(begun);
  std::optional<std::string> stream;  // The stream of the open block.
  size_t block = 0;
  int blocks = 0;
  while (bytes.size() >= 9) {
    const size_t payload =
        At(bytes, 0) * 65536u + At(bytes, 1) * 256u + At(bytes, 2);
    const uint8_t type = At(bytes, 3);
    std::string of(bytes.substr(5, 4));
    of[0] &= 0x7f;
    if (payload > 16384) return Verdict::kLongFrame;
    if (stream.has_value() != (type == kContinuation)) {
      return Verdict::kSplitHeaderBlock;
    }
    if (stream && *stream != of) return Verdict::kSplitHeaderBlock;
    if (type == kHeaders && ++blocks > 4) return Verdict::kEarlyCalls;
    if (type == kHeaders || type == kContinuation) {
      block = (type == kHeaders ? 0 : block) + 9 + payload;
      if (block > 8192) return Verdict::kLongHeaderBlock;
      stream = of;
      if ((At(bytes, 4) & kEndHeaders) != 0) stream.reset();
    }
    bytes.remove_prefix(std::min(bytes.size(), 9 + payload));
  }
  return Verdict::kPass;
}

// Most frames are valid, so that later frames count too.
std::string RandomFrame(Prng& prng, bool& is_open) {
  uint8_t type = static_cast<uint8_t>(prng.Uniform(10));
  if (is_open || type == kContinuation) type = is_open ? kContinuation : kPing;
  if (prng.Chance(5)) type = static_cast<uint8_t>(prng.Next());
  uint8_t flags = prng.Chance(50) ? kEndHeaders : 0;
  if (prng.Chance(5)) flags = static_cast<uint8_t>(prng.Next());
  if (type == kHeaders || type == kContinuation) {
    is_open = (flags & kEndHeaders) == 0;
  }
  const uint32_t stream =
      static_cast<uint32_t>(prng.Chance(98) ? 1 : prng.Next());
  size_t payload = prng.Uniform(40);
  if (prng.Chance(5)) payload = prng.Uniform(9000);
  if (prng.Chance(1)) payload = prng.Uniform(1 << 24);
  return FrameHeader(payload, type, flags, stream) +
         std::string(std::min<size_t>(payload, 20'000), 'x');
}

TEST(Http2BoundsFuzzTest, PiecesAreJudgedAsTheWhole) {
  SCOPED_TRACE(fmt::format("seed {}", kSeed));
  Prng prng(kSeed);
  std::array<int, 6> seen = {};
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes = kPreface;
    bool is_open = false;
    for (uint64_t i = prng.Uniform(40); i > 0; --i) {
      bytes += RandomFrame(prng, is_open);
    }
    if (prng.Chance(5)) {
      bytes[prng.Uniform(prng.Chance(50) ? 24 : bytes.size())] =
          static_cast<char>(prng.Next());
    }
    Http2Bounds bounds;
    Verdict verdict = Verdict::kPass;
    std::string_view rest = bytes;
    while (!rest.empty() && verdict == Verdict::kPass) {
      const std::string_view piece =
          rest.substr(0, 1 + prng.Uniform(prng.Chance(50) ? 16 : 20'000));
      rest.remove_prefix(piece.size());
      verdict = bounds.Judge(
          {reinterpret_cast<const uint8_t*>(piece.data()), piece.size()},
          absl::UnixEpoch());
    }
    ASSERT_EQ(verdict, JudgeSlowly(bytes)) << "round " << round;
    ++seen[static_cast<size_t>(verdict)];
  }
  for (const int count : seen) EXPECT_GT(count, 20);  // Each verdict was tried.
}

}  // namespace
}  // namespace lb::front
