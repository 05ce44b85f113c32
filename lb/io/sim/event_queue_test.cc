#include "lb/io/sim/event_queue.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb::io {
namespace {

// The slow oracle: a vector that is sorted when asked.
TEST(EventQueueTest, AgreesWithASortedListUnderRandomUse) {
  Prng prng(7);
  EventQueue queue;
  struct Waiting {
    absl::Time at;
    int number;
    EventQueue::Id id;
  };
  std::vector<Waiting> oracle;
  int last_run = -1;
  for (int n = 0; n < 20000; ++n) {
    const uint64_t choice = prng.Uniform(100);
    if (choice < 50 || oracle.empty()) {
      const absl::Time at =
          absl::UnixEpoch() + absl::Seconds(static_cast<int>(prng.Uniform(50)));
      oracle.push_back(
          {at, n, queue.Push(at, [&last_run, n] { last_run = n; })});
    } else if (choice < 70) {
      const auto chosen = oracle.begin() + prng.Uniform(oracle.size());
      queue.Cancel(chosen->id);
      queue.Cancel(chosen->id);  // No effect.
      oracle.erase(chosen);
    } else {
      const auto first = std::min_element(
          oracle.begin(), oracle.end(), [](const auto& a, const auto& b) {
            return std::pair(a.at, a.number) < std::pair(b.at, b.number);
          });
      ASSERT_EQ(queue.next_time(), first->at);
      queue.Pop()();
      ASSERT_EQ(last_run, first->number);
      oracle.erase(first);
    }
    ASSERT_EQ(queue.size(), oracle.size());
  }
}

TEST(EventQueueTest, CancellingDestroysTheTask) {
  EventQueue queue;
  const auto kept = std::make_shared<int>();
  const EventQueue::Id id = queue.Push(absl::UnixEpoch(), [kept] {});
  queue.Cancel(EventQueue::Id());
  EXPECT_EQ(kept.use_count(), 2);
  queue.Cancel(id);
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueueTest, AnOldIdDoesNotCancelTheNextUserOfItsSlot) {
  EventQueue queue;
  const EventQueue::Id old = queue.Push(absl::UnixEpoch(), [] {});
  queue.Pop();
  queue.Push(absl::UnixEpoch(), [] {});
  queue.Cancel(old);
  EXPECT_EQ(queue.size(), 1u);
}

}  // namespace
}  // namespace lb::io
