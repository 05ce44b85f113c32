// What the policies promise, over hundreds of random clusters each and
// thousands of changes to them. Every node is a candidate for every address.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/election/election_table.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

constexpr uint64_t kSeeds = 400;

using Winners = std::map<std::string, std::string>;  // By key.

// Members and services of random number; changes to them.
class World {
 public:
  World(uint64_t seed, Policy policy) : prng_(seed) {
    table_.SetDefaultPolicy(policy);
    table_.SetAdvertisements({{.name = "all"}});
    for (uint64_t i = 2 + prng_.Uniform(14); i > 0; --i) {
      members_.push_back(fmt::format("n{}", i));
    }
    table_.SetMembers(members_);
    for (uint64_t i = 1 + prng_.Uniform(60); i > 0; --i) {
      table_.PutVip(fmt::format("s{}", i), VipAt(i));
    }
    table_.Update();
  }

  Vip VipAt(uint64_t i) {
    return {.address = net::IpAddress::Ipv4(
                static_cast<uint32_t>(prng_.Uniform(uint64_t{1} << 32))),
            .pool = fmt::format("p{}", i)};
  }

  Winners winners() const {
    Winners winners;
    for (uint64_t i = 1; i <= table_.size(); ++i) {
      const std::string key = fmt::format("s{}", i);
      winners[key] = NodesText(*table_.Find(key));
    }
    return winners;
  }

  void ClaimAll() {
    for (const auto& [key, node] : winners()) table_.SetHolder(key, node);
    table_.Update();
  }
  // Whatever holders, as after a partition.
  void HoldAtRandom() {
    for (const auto& [key, node] : winners()) {
      table_.SetHolder(key, members_[prng_.Uniform(members_.size())]);
    }
    table_.Update();
  }

  std::string AnyMember() { return members_[prng_.Uniform(members_.size())]; }
  void Leave(const std::string& node) {
    std::erase(members_, node);
    table_.SetMembers(members_);
    table_.Update();
  }
  void Join(const std::string& node) {
    members_.push_back(node);
    table_.SetMembers(members_);
    table_.Update();
  }
  void Drain(const std::string& node) {
    NodeAttributes attributes = NodeKnownByName(node);
    attributes.draining = true;
    table_.PutNode(attributes);
    table_.Update();
  }

  size_t member_count() const { return members_.size(); }
  ElectionTable& table() { return table_; }
  Prng& prng() { return prng_; }

 private:
  Prng prng_;
  ElectionTable table_;
  std::vector<std::string> members_;
};

std::map<std::string, size_t> LoadsOf(const Winners& winners) {
  std::map<std::string, size_t> loads;
  for (const auto& [key, node] : winners) ++loads[node];
  return loads;
}

size_t MovesBetween(const Winners& before, const Winners& after) {
  size_t moves = 0;
  for (const auto& [key, node] : before) moves += after.at(key) != node;
  return moves;
}

size_t ShareByDefinition(size_t services, size_t nodes) {
  return static_cast<size_t>(std::ceil(1.25 * static_cast<double>(services) /
                                       static_cast<double>(nodes)));
}

void ExpectNobodyAboveTheShare(const Winners& winners, size_t nodes) {
  for (const auto& [node, load] : LoadsOf(winners)) {
    EXPECT_NE(node, "");
    EXPECT_LE(load, ShareByDefinition(winners.size(), nodes)) << node;
  }
}

TEST(BalancedPromiseTest, NobodyAnnouncesMoreThanItsShare) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed, Policy::kBalanced);
    ExpectNobodyAboveTheShare(world.winners(), world.member_count());
    world.HoldAtRandom();
    ExpectNobodyAboveTheShare(world.winners(), world.member_count());
    world.Leave(world.AnyMember());
    ExpectNobodyAboveTheShare(world.winners(), world.member_count());
    world.ClaimAll();
    ExpectNobodyAboveTheShare(world.winners(), world.member_count());
    world.Join("new");
    ExpectNobodyAboveTheShare(world.winners(), world.member_count());
    world.Drain("new");
    ExpectNobodyAboveTheShare(world.winners(), world.member_count() - 1);
  }
}

// The customer's bound is its own addresses and 5 % of all; it needs no 5 %.
TEST(BalancedPromiseTest, ALeaveMovesOnlyTheLeaversAddresses) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed, Policy::kBalanced);
    world.ClaimAll();
    while (world.member_count() > 1) {
      const Winners before = world.winners();
      const std::string leaver = world.AnyMember();
      if (world.prng().Chance(50)) world.Drain(leaver);
      world.Leave(leaver);
      EXPECT_EQ(MovesBetween(before, world.winners()), LoadsOf(before)[leaver]);
      world.ClaimAll();
    }
  }
}

TEST(BalancedPromiseTest, AJoinMovesOnlyWhatIsAboveTheNewShare) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed, Policy::kBalanced);
    world.ClaimAll();
    for (int i = 0; i < 10; ++i) {
      const Winners before = world.winners();
      world.Join(fmt::format("new{}", i));
      const size_t share =
          ShareByDefinition(before.size(), world.member_count());
      size_t surplus = 0;
      for (const auto& [node, load] : LoadsOf(before)) {
        surplus += load - std::min(load, share);
      }
      EXPECT_EQ(MovesBetween(before, world.winners()), surplus);
      world.ClaimAll();
    }
  }
}

TEST(BalancedPromiseTest, OneThatHoldsDownTakesOnlyWhatNoOtherHasRoomFor) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed, Policy::kBalanced);
    NodeAttributes attributes = NodeKnownByName("new");
    attributes.holding_down = true;
    world.table().PutNode(attributes);
    world.Join("new");
    const Winners winners = world.winners();
    const size_t room_of_others =
        (world.member_count() - 1) *
        ShareByDefinition(winners.size(), world.member_count());
    EXPECT_EQ(LoadsOf(winners)["new"],
              winners.size() - std::min(winners.size(), room_of_others));
  }
}

TEST(StickyPromiseTest, ALeaveMovesOnlyTheLeaversAndAReturnNothing) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed, Policy::kSticky);
    world.ClaimAll();
    for (int i = 0; i < 10; ++i) {
      const Winners before = world.winners();
      const std::string leaver = world.AnyMember();
      world.Leave(leaver);
      const Winners without = world.winners();
      EXPECT_EQ(MovesBetween(before, without), LoadsOf(before)[leaver]);
      world.ClaimAll();
      world.Join(leaver);
      EXPECT_EQ(world.winners(), without);
    }
  }
}

TEST(StickyPromiseTest, OneThatHoldsDownTakesNothingOfAnother) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed, Policy::kSticky);
    const Winners before = world.winners();  // Without holders.
    NodeAttributes attributes = NodeKnownByName("new");
    attributes.holding_down = true;
    world.table().PutNode(attributes);
    world.Join("new");
    EXPECT_EQ(world.winners(), before);
  }
}

}  // namespace
}  // namespace lb::election
