#include "lb/election/balance.h"

#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::election {
namespace {

using testing::ElementsAre;

// A candidate whose digest begins with `digest`.
RankedCandidate At(Slot slot, uint8_t digest, bool draining = false) {
  return {.slot = slot, .draining = draining, .digest = {digest}};
}

// Services with the same candidates: slots 0, 1 and 2, in this order.
class BalanceTest : public testing::Test {
 protected:
  BalanceTest() {
    for (Slot slot = 0; slot < 3; ++slot) Add(At(slot, slot));
  }
  void Add(const RankedCandidate& candidate) {
    top_.Offer(candidate, [&] { return candidate.digest; });
  }
  ServiceToPlace Held(Slot slot, uint8_t digest) const {
    return {&top_, At(slot, digest)};
  }
  ServiceToPlace Free() const { return {&top_, std::nullopt}; }

  std::vector<Slot> Give(const std::vector<ServiceToPlace>& services,
                         size_t share) {
    return Balance(services, share, /*slot_count=*/3, [](size_t) {
      ADD_FAILURE() << "the top candidates are all";
      return std::vector<RankedCandidate>();
    });
  }

  TopCandidates top_;
};

TEST(ShareOfTest, IsAQuarterAboveTheAverageRoundedUp) {
  EXPECT_EQ(ShareOf(1, 1), 2u);
  EXPECT_EQ(ShareOf(1, 5), 1u);
  EXPECT_EQ(ShareOf(4, 5), 1u);
  EXPECT_EQ(ShareOf(5, 5), 2u);
  EXPECT_EQ(ShareOf(8, 5), 2u);
  EXPECT_EQ(ShareOf(9, 5), 3u);
  EXPECT_EQ(ShareOf(10'000, 1'000), 13u);
  EXPECT_EQ(ShareOf(0, 3), 0u);
}

TEST_F(BalanceTest, FillsTheFirstInRankUpToTheShare) {
  EXPECT_THAT(Give({Free(), Free(), Free(), Free(), Free()}, 2),
              ElementsAre(0, 0, 1, 1, 2));
}

TEST_F(BalanceTest, HoldersKeep) {
  EXPECT_THAT(Give({Free(), Held(2, 9), Held(1, 9), Free()}, 2),
              ElementsAre(0, 2, 1, 0));
}

TEST_F(BalanceTest, AHolderGivesUpWhatItRanksItselfWorstFor) {
  EXPECT_THAT(Give({Held(2, 5), Held(2, 7), Held(2, 3), Held(2, 4)}, 2),
              ElementsAre(0, 0, 2, 2));
}

TEST_F(BalanceTest, OfEqualOnesItKeepsTheFirst) {
  EXPECT_THAT(Give({Held(2, 5), Held(2, 5), Held(2, 5)}, 1),
              ElementsAre(2, 0, 1));
}

TEST_F(BalanceTest, WithoutRoomTheLeastLoadedTakesIt) {
  EXPECT_THAT(Give({Free(), Free(), Free(), Free(), Held(0, 1)}, 1),
              ElementsAre(1, 2, 0, 1, 0));
}

TEST_F(BalanceTest, NodesThatDrainAreNoCandidatesWhileThereAreOthers) {
  top_ = TopCandidates();
  Add(At(0, 0, /*draining=*/true));
  Add(At(1, 1));
  EXPECT_THAT(Give({Free(), Free()}, 1), ElementsAre(1, 1));
  top_ = TopCandidates();
  Add(At(0, 0, /*draining=*/true));
  EXPECT_THAT(Give({Free()}, 1), ElementsAre(0));
}

TEST(BalanceBeyondTheFrontTest, AsksForAllWhenTheFrontIsFull) {
  TopCandidates top;
  std::vector<RankedCandidate> all;
  for (Slot slot = 0; slot < 10; ++slot) {
    all.push_back(At(slot, static_cast<uint8_t>(slot)));
    top.Offer(all.back(), [&] { return all.back().digest; });
  }
  const std::vector<ServiceToPlace> services(
      11, ServiceToPlace{&top, std::nullopt});
  EXPECT_THAT(Balance(services, 1, 10, [&](size_t) { return all; }),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0));
}

}  // namespace
}  // namespace lb::election
