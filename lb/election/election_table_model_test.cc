// The table against a plain loop of Elect() over the same values: any sequence
// of changes gives what an election from nothing gives, and Update() names
// exactly the keys that it changed.
#include <map>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/election/election_table.h"
#include "lb/election/testing/random_cluster.h"

namespace lb::election {

void PrintTo(const Announcer& announcer, std::ostream* out) {
  *out << fmt::format("{} [{}]", announcer.node,
                      fmt::join(announcer.interfaces, " "));
}

namespace {

using Placements = std::map<std::string, Announcers>;

std::vector<std::string> Differences(const Placements& a, const Placements& b) {
  std::vector<std::string> keys;
  Placements all = a;
  all.insert(b.begin(), b.end());
  for (const auto& [key, placement] : all) {
    const auto in_a = a.find(key);
    const auto in_b = b.find(key);
    if (in_a == a.end() || in_b == b.end() || !(in_a->second == in_b->second)) {
      keys.push_back(key);
    }
  }
  return keys;
}

void RunAgainstModel(uint64_t seed, size_t nodes_max, int rounds) {
  RandomCluster random(Prng(seed), nodes_max);
  Twin twin;
  twin.SetAdvertisements({{.name = "all"}});
  twin.SetMembers(random.Members());
  Placements before;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(
        fmt::format("seed {}, {} nodes, round {}", seed, nodes_max, round));
    for (uint64_t i = random.prng().Uniform(6); i > 0; --i) {
      ChangeAny(random, twin);
    }
    const std::vector<std::string> changed = twin.table.Update();
    const Placements now = PlacementsOf(twin.table, twin.vips);
    ASSERT_EQ(now, PlaceAll(twin.cluster, twin.vips));
    // A key that was removed and put again may be named, too.
    EXPECT_THAT(changed, testing::IsSupersetOf(Differences(before, now)));
    EXPECT_THAT(twin.table.Update(), testing::IsEmpty());
    before = now;
    if (random.prng().Chance(10)) twin.ClaimAll();
  }
}

TEST(ElectionTableModelTest, EqualsAnElectionFromNothing) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RunAgainstModel(seed, /*nodes_max=*/6, /*rounds=*/60);
  }
}

// More candidates than the table remembers of each service.
TEST(ElectionTableModelTest, EqualsItBeyondTheFront) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    RunAgainstModel(seed, /*nodes_max=*/30, /*rounds=*/80);
  }
}

}  // namespace
}  // namespace lb::election
