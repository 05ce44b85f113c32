#include "daemon/front/http2_bounds.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/front/testing/http2_frames.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

namespace lb::front {
namespace {

using Verdict = Http2Bounds::Verdict;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Verdict Judge(Http2Bounds& bounds, std::string_view bytes,
              absl::Time now = kStart) {
  return bounds.Judge(
      {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, now);
}

// A caller that has waited for the server's SETTINGS and acknowledged them.
Http2Bounds Greeted() {
  Http2Bounds bounds;
  EXPECT_EQ(Judge(bounds, kPreface + Frame(kSettings)), Verdict::kPass);
  bounds.OnServerBytes();
  EXPECT_EQ(Judge(bounds, Frame(kSettings, kAck)), Verdict::kPass);
  return bounds;
}

std::string Repeat(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

struct Case {
  std::string_view what;
  std::string bytes;  // After the greeting.
  Verdict verdict;
};

std::vector<Case> Cases() {
  const std::string open = Frame(kHeaders, 0, 1, std::string(100, 'x'));
  const std::string end = Frame(kContinuation, kEndHeaders, 1);
  return {
      {"a call", Frame(kHeaders, kEndHeaders, 1, "x") + Frame(kData, 0, 1, "x"),
       Verdict::kPass},
      {"a block in two frames", open + end, Verdict::kPass},
      {"a ping in between", open + Frame(kPing, 0, 0, "12345678"),
       Verdict::kSplitHeaderBlock},
      {"data in between", open + Frame(kData, 0, 1),
       Verdict::kSplitHeaderBlock},
      {"an unknown frame in between", open + Frame(77, 0, 1),
       Verdict::kSplitHeaderBlock},
      {"a block in a block", open + open, Verdict::kSplitHeaderBlock},
      {"goes on for another stream",
       open + Frame(kContinuation, kEndHeaders, 3), Verdict::kSplitHeaderBlock},
      {"goes on after its end", open + end + end, Verdict::kSplitHeaderBlock},
      {"goes on without a beginning", end, Verdict::kSplitHeaderBlock},
      {"the largest block",
       Frame(kHeaders, kEndHeaders, 1, std::string(8192 - 9, 'x')),
       Verdict::kPass},
      {"one byte more",
       Frame(kHeaders, kEndHeaders, 1, std::string(8192 - 8, 'x')),
       Verdict::kLongHeaderBlock},
      {"one byte more, later",
       Frame(kHeaders, 0, 1, std::string(8192 - 18, 'x')) +
           Frame(kContinuation, kEndHeaders, 1, "x"),
       Verdict::kLongHeaderBlock},
      {"the last frame that a block of empty ones has",
       Frame(kHeaders, 0, 1) + Repeat(909, Frame(kContinuation, 0, 1)),
       Verdict::kPass},
      {"one more",
       Frame(kHeaders, 0, 1) + Repeat(910, Frame(kContinuation, 0, 1)),
       Verdict::kLongHeaderBlock},
      {"the next block begins at nothing",
       Repeat(4, Frame(kHeaders, kEndHeaders, 1, std::string(8000, 'x'))),
       Verdict::kPass},
      {"the largest frame", Frame(kData, 0, 1, std::string(16384, 'x')),
       Verdict::kPass},
      {"a larger one", FrameHeader(16385, kData, 0, 1), Verdict::kLongFrame},
      {"the largest that there is", FrameHeader(0xffffff, 77, 0, 1),
       Verdict::kLongFrame},
      {"the reserved bit of a stream's number counts for nothing",
       open + Frame(kContinuation, kEndHeaders, 0x80000001), Verdict::kPass},
  };
}

TEST(Http2BoundsTest, JudgesFrames) {
  for (const Case& c : Cases()) {
    Http2Bounds bounds = Greeted();
    EXPECT_EQ(Judge(bounds, c.bytes), c.verdict) << c.what;
  }
}

TEST(Http2BoundsTest, BytesMayComeOneByOne) {
  for (const Case& c : Cases()) {
    Http2Bounds bounds = Greeted();
    Verdict verdict = Verdict::kPass;
    for (size_t i = 0; i < c.bytes.size() && verdict == Verdict::kPass; ++i) {
      verdict = Judge(bounds, std::string_view(c.bytes).substr(i, 1));
    }
    EXPECT_EQ(verdict, c.verdict) << c.what;
  }
}

TEST(Http2BoundsTest, WantsThePreface) {
  for (size_t i = 0; i < kPreface.size(); ++i) {
    Http2Bounds bounds;
    EXPECT_EQ(Judge(bounds, kPreface.substr(0, i)), Verdict::kPass);
    EXPECT_FALSE(bounds.has_preface());
    std::string other = kPreface;
    other[i] ^= 1;
    Http2Bounds refused;
    EXPECT_EQ(Judge(refused, other), Verdict::kNoPreface) << i;
  }
  Http2Bounds bounds;
  EXPECT_EQ(Judge(bounds, kPreface), Verdict::kPass);
  EXPECT_TRUE(bounds.has_preface());
}

// gRPC's bounds hold for a caller only after it acknowledged them.
TEST(Http2BoundsTest, FewCallsBeforeSettingsAreAcknowledged) {
  const std::string call = Frame(kHeaders, kEndHeaders, 1, "x");
  Http2Bounds bounds;
  // This is too early to acknowledge anything.
  EXPECT_EQ(Judge(bounds, kPreface + Frame(kSettings) + Frame(kSettings, kAck)),
            Verdict::kPass);
  bounds.OnServerBytes();
  EXPECT_EQ(Judge(bounds, Repeat(Http2Bounds::kEarlyBlocksMax, call)),
            Verdict::kPass);
  Http2Bounds late = bounds;
  EXPECT_EQ(Judge(bounds, call), Verdict::kEarlyCalls);
  EXPECT_EQ(Judge(late, Frame(kSettings, kAck) + Repeat(100, call)),
            Verdict::kPass);
}

TEST(Http2BoundsTest, WhoIsTooFastWaits) {
  struct Pace {
    std::string frame;
    int at_once;
    int per_second;
  };
  for (const Pace& pace :
       {Pace{Frame(kHeaders, kEndHeaders, 1, "x"), 200, 1000},
        Pace{Frame(kPing, 0, 0, "12345678"), 200, 1000},
        Pace{Frame(kReset, 0, 1, "1234"), 200, 1000},
        Pace{Frame(kPriority, 0, 1, "12345"), 200, 1000},
        Pace{Frame(kSettings), 200, 1000}, Pace{Frame(77, 0, 1), 200, 1000},
        Pace{Frame(kData, 0, 1), 4000, 20'000},
        Pace{Frame(kWindowUpdate, 0, 1, "1234"), 4000, 20'000}}) {
    SCOPED_TRACE(int{static_cast<uint8_t>(pace.frame[3])});
    Http2Bounds bounds = Greeted();
    const absl::Time later = kStart + absl::Seconds(1);  // Buckets are full.
    ASSERT_EQ(Judge(bounds, Repeat(pace.at_once, pace.frame), later),
              Verdict::kPass);
    EXPECT_EQ(bounds.Debt(later), absl::ZeroDuration());
    ASSERT_EQ(Judge(bounds, Repeat(pace.per_second, pace.frame), later),
              Verdict::kPass);
    EXPECT_NEAR(absl::ToDoubleSeconds(bounds.Debt(later)), 1, 0.01);
    EXPECT_NEAR(
        absl::ToDoubleSeconds(bounds.Debt(later + absl::Milliseconds(600))),
        0.4, 0.01);
    EXPECT_EQ(bounds.Debt(later + absl::Seconds(2)), absl::ZeroDuration());
  }
}

}  // namespace
}  // namespace lb::front
