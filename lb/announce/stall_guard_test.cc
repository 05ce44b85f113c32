#include "lb/announce/stall_guard.h"

#include "gmock/gmock.h"

namespace lb::announce {
namespace {

using testing::Optional;

constexpr absl::Time kStart = absl::UnixEpoch();

TEST(StallGuardTest, TheMaximumItselfIsNoStall) {
  StallGuard guard(absl::Seconds(1));
  EXPECT_EQ(guard.NoteRun(kStart), std::nullopt);  // The first run.
  EXPECT_EQ(guard.NoteRun(kStart + absl::Seconds(1)), std::nullopt);
  EXPECT_THAT(guard.NoteRun(kStart + absl::Milliseconds(2001)),
              Optional(absl::Milliseconds(1001)));
  EXPECT_EQ(guard.NoteRun(kStart + absl::Milliseconds(2002)), std::nullopt);
}

TEST(StallGuardTest, WantsToRunFourTimesInTheMaximum) {
  StallGuard guard(absl::Seconds(1));
  EXPECT_EQ(guard.NextDeadline(), absl::InfiniteFuture());
  guard.NoteRun(kStart);
  EXPECT_EQ(guard.NextDeadline(), kStart + absl::Milliseconds(250));
  EXPECT_EQ(guard.run_at(), kStart);
}

TEST(StallGuardTest, WithoutAMaximumNothingIsAStall) {
  StallGuard guard(absl::ZeroDuration());
  guard.NoteRun(kStart);
  EXPECT_EQ(guard.NoteRun(kStart + absl::Hours(24)), std::nullopt);
  EXPECT_EQ(guard.NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(guard.run_at(), kStart + absl::Hours(24));
}

}  // namespace
}  // namespace lb::announce
