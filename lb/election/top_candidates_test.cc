// The top candidates against the whole ranking: whatever comes and goes, it is
// the ranking's beginning, and all of it if it says so.
#include "lb/election/top_candidates.h"

#include <algorithm>
#include <map>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb::election {
namespace {

RankedCandidate AnyCandidate(Prng& prng, Slot slot) {
  RankedCandidate candidate = {.slot = slot,
                               .draining = prng.Chance(20),
                               .one_family = prng.Chance(20),
                               .holding_down = prng.Chance(20),
                               .score = static_cast<int64_t>(prng.Uniform(3))};
  for (uint8_t& byte : candidate.digest) {
    byte = static_cast<uint8_t>(prng.Uniform(256));
  }
  return candidate;
}

// Without the digest, as its user has it.
void Offer(TopCandidates& top, const RankedCandidate& candidate) {
  RankedCandidate offered = candidate;
  offered.digest = {};
  top.Offer(offered, [&] { return candidate.digest; });
}

std::vector<Slot> SlotsOf(const std::vector<RankedCandidate>& ranked) {
  std::vector<Slot> slots;
  for (const RankedCandidate& candidate : ranked)
    slots.push_back(candidate.slot);
  return slots;
}

void ExpectBeginningOf(const std::map<Slot, RankedCandidate>& all,
                       const TopCandidates& top) {
  std::vector<RankedCandidate> ranked;
  for (const auto& [slot, candidate] : all) ranked.push_back(candidate);
  std::sort(ranked.begin(), ranked.end(), Precedes);
  ASSERT_LE(top.ranked().size(), TopCandidates::kSizeMax);
  ASSERT_LE(top.ranked().size(), ranked.size());
  if (top.is_complete()) {
    EXPECT_EQ(top.ranked().size(), ranked.size());
  }
  ranked.resize(top.ranked().size());
  EXPECT_EQ(SlotsOf(top.ranked()), SlotsOf(ranked));
}

TEST(FrontTest, IsTheBeginningOfTheRanking) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    std::map<Slot, RankedCandidate> all;
    TopCandidates top;
    for (int step = 0; step < 300; ++step) {
      const Slot slot = static_cast<Slot>(prng.Uniform(30));
      if (all.erase(slot) > 0) {
        top.Remove(slot);
      } else {
        Offer(top, all[slot] = AnyCandidate(prng, slot));
      }
      if (top.is_exhausted()) {
        top = TopCandidates();
        for (const auto& [other, candidate] : all) Offer(top, candidate);
      }
      ExpectBeginningOf(all, top);
    }
  }
}

TEST(FrontTest, AsksForNoDigestThatCannotMatter) {
  TopCandidates top;
  for (Slot slot = 0; slot < TopCandidates::kSizeMax; ++slot) {
    top.Offer({.slot = slot}, [] { return Digest{}; });
  }
  EXPECT_TRUE(top.is_complete());
  top.Offer({.slot = 99, .draining = true}, []() -> Digest {
    ADD_FAILURE() << "one that drains comes after all others";
    return {};
  });
  EXPECT_FALSE(top.is_complete());
}

TEST(FrontTest, IsExhaustedOnlyIfThereAreOthers) {
  TopCandidates top;
  EXPECT_FALSE(top.is_exhausted());
  for (Slot slot = 0; slot <= TopCandidates::kSizeMax; ++slot) {
    top.Offer({.slot = slot}, [] { return Digest{}; });
  }
  for (Slot slot = 0; slot <= TopCandidates::kSizeMax; ++slot) top.Remove(slot);
  EXPECT_TRUE(top.is_exhausted());
}

}  // namespace
}  // namespace lb::election
