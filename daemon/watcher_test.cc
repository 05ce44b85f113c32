// Watchers write one after the other, a turn of the loop each.
#include "daemon/watcher.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_loop.h"

namespace lb {
namespace {

using testing::UnorderedElementsAre;

// Notes when it was to write.
class Noted final : public WatcherBase {
 public:
  Noted(int number, std::vector<int>* written)
      : number_(number), written_(written) {}
  void WriteNext() override { written_->push_back(number_); }

 private:
  const int number_;
  std::vector<int>* const written_;
};

class WatchersTest : public testing::Test {
 protected:
  WatchersTest() {
    for (int i = 0; i < 3; ++i) {
      calls_.push_back(new Noted(i, &written_));
      watchers_.Add(calls_.back());
    }
  }
  // One turn of the loop; what it posts is another.
  void Turn() {
    bool ended = false;
    loop_.Post([&] { ended = true; });
    ASSERT_TRUE(loop_.RunUntil([&] { return ended; }, absl::Seconds(1)));
  }

  io::SimLoop loop_;
  std::vector<int> written_;
  std::vector<WatcherBase*> calls_;  // Owned by watchers_.
  Watchers watchers_{&loop_};
};

TEST_F(WatchersTest, OneWritesInEachTurn) {
  watchers_.WriteAll();
  watchers_.WriteAll();  // One more event in the same turn.
  EXPECT_TRUE(written_.empty());
  for (size_t turn = 1; turn <= 3; ++turn) {
    Turn();
    EXPECT_EQ(written_.size(), turn);
  }
  Turn();
  Turn();
  EXPECT_THAT(written_, UnorderedElementsAre(0, 1, 2));
}

TEST_F(WatchersTest, OneThatEndsBetweenTwoTurnsWritesNoMore) {
  watchers_.WriteAll();
  Turn();
  const int first = written_.at(0);
  const int ended = (first + 1) % 3;
  watchers_.Remove(calls_[ended]);
  delete calls_[ended];
  for (int i = 0; i < 5; ++i) Turn();
  EXPECT_THAT(written_, UnorderedElementsAre(first, (first + 2) % 3));
}

TEST_F(WatchersTest, NoneIsLeftOutWhileThereAreAlwaysMoreEvents) {
  for (int i = 0; i < 30; ++i) {
    watchers_.WriteAll();
    Turn();
  }
  for (int number = 0; number < 3; ++number) {
    EXPECT_GE(std::count(written_.begin(), written_.end(), number), 9);
  }
}

TEST_F(WatchersTest, AllMayEndBetweenTwoTurns) {
  watchers_.WriteAll();
  for (WatcherBase* call : calls_) {
    watchers_.Remove(call);
    delete call;
  }
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_TRUE(written_.empty());
  calls_ = {new Noted(7, &written_)};
  watchers_.Add(calls_.front());
  watchers_.WriteAll();
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_THAT(written_, UnorderedElementsAre(7));
}

}  // namespace
}  // namespace lb
