// The front against the whole ranking: whatever comes and goes, it is the
// ranking's beginning, and all of it if it says so.
#include "lb/election/front.h"

#include <algorithm>
#include <map>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb::election {
namespace {

Contender AnyContender(Prng& prng, Slot slot) {
  Contender contender = {.slot = slot,
                         .draining = prng.Chance(20),
                         .one_family = prng.Chance(20),
                         .holding_down = prng.Chance(20),
                         .score = static_cast<int64_t>(prng.Uniform(3))};
  for (uint8_t& byte : contender.digest) {
    byte = static_cast<uint8_t>(prng.Uniform(256));
  }
  return contender;
}

// Without the digest, as its user has it.
void Offer(Front& front, const Contender& contender) {
  Contender offered = contender;
  offered.digest = {};
  front.Offer(offered, [&] { return contender.digest; });
}

std::vector<Slot> SlotsOf(const std::vector<Contender>& contenders) {
  std::vector<Slot> slots;
  for (const Contender& contender : contenders) slots.push_back(contender.slot);
  return slots;
}

void ExpectBeginningOf(const std::map<Slot, Contender>& all,
                       const Front& front) {
  std::vector<Contender> ranked;
  for (const auto& [slot, contender] : all) ranked.push_back(contender);
  std::sort(ranked.begin(), ranked.end(), Precedes);
  ASSERT_LE(front.contenders().size(), Front::kSizeMax);
  ASSERT_LE(front.contenders().size(), ranked.size());
  if (front.is_complete()) {
    EXPECT_EQ(front.contenders().size(), ranked.size());
  }
  ranked.resize(front.contenders().size());
  EXPECT_EQ(SlotsOf(front.contenders()), SlotsOf(ranked));
}

TEST(FrontTest, IsTheBeginningOfTheRanking) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    std::map<Slot, Contender> all;
    Front front;
    for (int step = 0; step < 300; ++step) {
      const Slot slot = static_cast<Slot>(prng.Uniform(30));
      if (all.erase(slot) > 0) {
        front.Remove(slot);
      } else {
        Offer(front, all[slot] = AnyContender(prng, slot));
      }
      if (front.is_exhausted()) {
        front = Front();
        for (const auto& [other, contender] : all) Offer(front, contender);
      }
      ExpectBeginningOf(all, front);
    }
  }
}

TEST(FrontTest, AsksForNoDigestThatCannotMatter) {
  Front front;
  for (Slot slot = 0; slot < Front::kSizeMax; ++slot) {
    front.Offer({.slot = slot}, [] { return Digest{}; });
  }
  EXPECT_TRUE(front.is_complete());
  front.Offer({.slot = 99, .draining = true}, []() -> Digest {
    ADD_FAILURE() << "one that drains comes after all others";
    return {};
  });
  EXPECT_FALSE(front.is_complete());
}

TEST(FrontTest, IsExhaustedOnlyIfThereAreOthers) {
  Front front;
  EXPECT_FALSE(front.is_exhausted());
  for (Slot slot = 0; slot <= Front::kSizeMax; ++slot) {
    front.Offer({.slot = slot}, [] { return Digest{}; });
  }
  for (Slot slot = 0; slot <= Front::kSizeMax; ++slot) front.Remove(slot);
  EXPECT_TRUE(front.is_exhausted());
}

}  // namespace
}  // namespace lb::election
