#include "daemon/heap.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_loop.h"

namespace lb {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kOwnAllocator = true;
#else
constexpr bool kOwnAllocator = false;
#endif

TEST(HeapTrimmerTest, ReturnsPagesAmongBlocksThatStay) {
  if (kOwnAllocator) GTEST_SKIP() << "SKIPPED: the sanitizer's allocator";
  io::SimLoop loop;
  HeapTrimmer trimmer(&loop);
  const size_t before = ResidentBytes();
  ASSERT_GT(before, 0u);
  std::vector<std::unique_ptr<std::string>> blocks;
  for (int i = 0; i < 100'000; ++i) {
    blocks.push_back(std::make_unique<std::string>(400, 'x'));
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (i % 1000 != 999) blocks[i].reset();
  }
  const size_t grown = ResidentBytes();
  ASSERT_GT(grown, before + (20 << 20));
  loop.RunFor(HeapTrimmer::kInterval);
  EXPECT_LT(ResidentBytes(), before + (10 << 20));
}

}  // namespace
}  // namespace lb
