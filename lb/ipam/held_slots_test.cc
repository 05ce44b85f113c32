#include "lb/ipam/held_slots.h"

#include <set>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb::ipam {
namespace {

TEST(HeldSlotsTest, FindsTheLowestMissing) {
  HeldSlots held;
  EXPECT_EQ(held.LowestMissing(), 0);
  held.Insert(0);
  held.Insert(1);
  held.Insert(3);
  EXPECT_EQ(held.LowestMissing(), 2);
  EXPECT_EQ(held.LowestMissing(2), 2);
  EXPECT_EQ(held.LowestMissing(3), 4);
  EXPECT_EQ(held.LowestMissing(9), 9);
  held.Insert(2);  // Joins the runs on both sides.
  EXPECT_EQ(held.LowestMissing(), 4);
  held.Erase(1);  // Splits one.
  EXPECT_EQ(held.LowestMissing(), 1);
  EXPECT_FALSE(held.Contains(1));
  EXPECT_TRUE(held.Contains(2));
  EXPECT_EQ(held.size(), 3);
}

TEST(HeldSlotsTest, WorksAtTheTopOf128Bits) {
  const absl::uint128 top = absl::Uint128Max() - 1;
  HeldSlots held;
  held.Insert(top);
  EXPECT_TRUE(held.Contains(top));
  EXPECT_EQ(held.LowestMissing(top), absl::Uint128Max());
  held.Erase(top);
  EXPECT_EQ(held.LowestMissing(top), top);
}

TEST(HeldSlotsTest, AgreesWithASet) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    HeldSlots held;
    std::set<uint64_t> reference;
    for (int step = 0; step < 100; ++step) {
      const uint64_t slot = prng.Uniform(24);
      ASSERT_EQ(held.Contains(slot), reference.contains(slot));
      if (reference.insert(slot).second) {
        held.Insert(slot);
      } else {
        reference.erase(slot);
        held.Erase(slot);
      }
      uint64_t missing = prng.Uniform(24);
      const absl::uint128 found = held.LowestMissing(missing);
      while (reference.contains(missing)) ++missing;
      ASSERT_EQ(found, missing);
      ASSERT_EQ(held.size(), reference.size());
    }
  }
}

}  // namespace
}  // namespace lb::ipam
