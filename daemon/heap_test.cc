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

class HeapTrimmerTest : public testing::Test {
 protected:
  using Blocks = std::vector<std::unique_ptr<std::string>>;

  void SetUp() override {
    if (kOwnAllocator) GTEST_SKIP() << "SKIPPED: the sanitizer's allocator";
    ASSERT_GT(before_, 0u);
  }

  static Blocks Allocate() {
    Blocks blocks;
    for (int i = 0; i < 100'000; ++i) {
      blocks.push_back(std::make_unique<std::string>(400, 'x'));
    }
    return blocks;
  }
  static void FreeMost(Blocks& blocks) {
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (i % 1000 != 999) blocks[i].reset();
    }
  }

  io::SimLoop loop_;
  HeapTrimmer trimmer_{&loop_};
  const size_t before_ = ResidentBytes();
};

TEST_F(HeapTrimmerTest, ReturnsPagesAmongBlocksThatStay) {
  Blocks blocks = Allocate();
  FreeMost(blocks);
  ASSERT_GT(ResidentBytes(), before_ + (20 << 20));
  loop_.RunFor(HeapTrimmer::kInterval);
  EXPECT_LT(ResidentBytes(), before_ + (10 << 20));
}

TEST_F(HeapTrimmerTest, ReturnsWhatWasInUseWhenItLastLooked) {
  Blocks blocks = Allocate();
  loop_.RunFor(HeapTrimmer::kInterval);
  FreeMost(blocks);
  ASSERT_GT(ResidentBytes(), before_ + (20 << 20));
  loop_.RunFor(HeapTrimmer::kInterval);
  EXPECT_LT(ResidentBytes(), before_ + (10 << 20));
}

}  // namespace
}  // namespace lb
