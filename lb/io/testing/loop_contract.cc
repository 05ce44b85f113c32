// What every Loop and Timer does.
#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "lb/io/testing/io_contract.h"

namespace lb::io {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(IoContractTest, PostedTasksRunLaterInOrder) {
  std::vector<int> ran;
  for (const int n : {1, 2, 3}) {
    loop()->Post([&ran, n, this] {
      ran.push_back(n);
      if (n == 1) loop()->Post([&ran] { ran.push_back(4); });
    });
  }
  EXPECT_THAT(ran, IsEmpty());
  ASSERT_TRUE(RunUntil([&] { return ran.size() == 4; }));
  EXPECT_THAT(ran, ElementsAre(1, 2, 3, 4));
}

TEST_P(IoContractTest, TimersFireInOrderOfTheirDeadlines) {
  std::vector<int> fired;
  const absl::Time start = loop()->Now();
  const auto make = [&](int n) {
    auto timer = loop()->NewTimer([&fired, n, start, this] {
      EXPECT_GE(loop()->Now(), start + absl::Milliseconds(10) * n);
      fired.push_back(n);
    });
    timer->Arm(start + absl::Milliseconds(10) * n);
    return timer;
  };
  const auto third = make(3);
  const auto first = make(1);
  const auto second = make(2);
  ASSERT_TRUE(RunUntil([&] { return fired.size() == 3; }));
  EXPECT_THAT(fired, ElementsAre(1, 2, 3));
}

TEST_P(IoContractTest, AnArmedTimerFiresOnce) {
  int fired = 0;
  const auto timer = loop()->NewTimer([&] { ++fired; });
  timer->Arm(loop()->Now() + absl::Milliseconds(1));
  ASSERT_TRUE(RunUntil([&] { return fired > 0; }));
  RunFor(absl::Milliseconds(5));
  EXPECT_EQ(fired, 1);
}

TEST_P(IoContractTest, APastDeadlineFiresLaterButSoon) {
  int fired = 0;
  const auto timer = loop()->NewTimer([&] { ++fired; });
  timer->Arm(absl::InfinitePast());
  EXPECT_EQ(fired, 0);
  ASSERT_TRUE(RunUntil([&] { return fired == 1; }));
}

TEST_P(IoContractTest, ArmingAgainMovesTheDeadline) {
  absl::Time fired_at;
  int fired = 0;
  const absl::Time start = loop()->Now();
  const auto timer = loop()->NewTimer([&] {
    ++fired;
    fired_at = loop()->Now();
  });
  timer->Arm(start + absl::Milliseconds(5));
  timer->Arm(start + absl::Milliseconds(30));
  ASSERT_TRUE(RunUntil([&] { return fired > 0; }));
  RunFor(absl::Milliseconds(5));
  EXPECT_EQ(fired, 1);
  EXPECT_GE(fired_at, start + absl::Milliseconds(30));

  timer->Arm(loop()->Now() + absl::Hours(1));
  timer->Arm(loop()->Now() + absl::Milliseconds(1));
  ASSERT_TRUE(RunUntil([&] { return fired == 2; }));
}

TEST_P(IoContractTest, ArmingForTheSameDeadlineAgainIsArmingOnce) {
  int fired = 0;
  const absl::Time soon = loop()->Now() + absl::Milliseconds(5);
  const auto timer = loop()->NewTimer([&] { ++fired; });
  timer->Arm(soon);
  timer->Arm(soon);
  ASSERT_TRUE(RunUntil([&] { return fired > 0; }));
  RunFor(absl::Milliseconds(5));
  EXPECT_EQ(fired, 1);
  timer->Arm(soon);  // It has passed, but this is another arming.
  ASSERT_TRUE(RunUntil([&] { return fired == 2; }));
  timer->Arm(soon);
  timer->Disarm();
  timer->Arm(soon);
  ASSERT_TRUE(RunUntil([&] { return fired == 3; }));
}

TEST_P(IoContractTest, DisarmedTimersStaySilent) {
  int fired = 0;
  const auto disarmed = loop()->NewTimer([&] { ++fired; });
  const auto never = loop()->NewTimer([&] { ++fired; });
  auto destroyed = loop()->NewTimer([&] { ++fired; });
  const absl::Time soon = loop()->Now() + absl::Milliseconds(1);
  disarmed->Arm(soon);
  never->Arm(soon);
  destroyed->Arm(soon);
  disarmed->Disarm();
  never->Arm(absl::InfiniteFuture());
  destroyed.reset();
  RunFor(absl::Milliseconds(20));
  EXPECT_EQ(fired, 0);
}

TEST_P(IoContractTest, ATimerMayDisarmAnotherThatIsDue) {
  int fired = 0;
  std::unique_ptr<Timer> second;
  const auto first = loop()->NewTimer([&] {
    ++fired;
    second->Disarm();
  });
  second = loop()->NewTimer([&] { ++fired; });
  first->Arm(absl::InfinitePast());
  second->Arm(absl::InfinitePast());
  ASSERT_TRUE(RunUntil([&] { return fired > 0; }));
  RunFor(absl::Milliseconds(5));
  EXPECT_EQ(fired, 1);
}

TEST_P(IoContractTest, ATimerMayBeDestroyedWithinItsCallback) {
  auto kept = std::make_shared<int>(7);
  std::unique_ptr<Timer> timer;
  int seen = 0;
  timer = loop()->NewTimer([&timer, &seen, kept] {
    timer.reset();
    seen = *kept;  // The callback outlives the timer while it runs.
  });
  timer->Arm(loop()->Now());
  ASSERT_TRUE(RunUntil([&] { return timer == nullptr; }));
  EXPECT_EQ(seen, 7);
  RunPosted();
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_P(IoContractTest, ATimerMayArmItselfWithinItsCallback) {
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = loop()->NewTimer([&] {
    if (++fired < 3) timer->Arm(loop()->Now());
  });
  timer->Arm(loop()->Now());
  ASSERT_TRUE(RunUntil([&] { return fired == 3; }));
  RunFor(absl::Milliseconds(5));
  EXPECT_EQ(fired, 3);
}

TEST_P(IoContractTest, TimeNeverStepsBack) {
  absl::Time last = loop()->Now();
  for (int n = 0; n < 100; ++n) {
    RunPosted();
    ASSERT_GE(loop()->Now(), last);
    last = loop()->Now();
  }
}

}  // namespace

void IoContractTest::RunPosted() {
  bool ran = false;
  loop()->Post([&] { ran = true; });
  ASSERT_TRUE(RunUntil([&] { return ran; }));
}

}  // namespace lb::io
