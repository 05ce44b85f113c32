// The laws of the merge, and that tables agree however messages reach them.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/election/tenure.h"
#include "lb/election/tenure_codec.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

constexpr uint64_t kSeeds = 2000;
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Few values each, so that ties at every step of the rule are frequent.
Tenure AnyTenure(Prng& prng) {
  const std::vector<std::string> nodes = {"", "n1", "n2", "n3"};
  return {net::IpAddress::Ipv4(static_cast<uint32_t>(prng.Uniform(3))),
          nodes[prng.Uniform(nodes.size())], 1 + prng.Uniform(3),
          kNow + absl::Seconds(prng.Uniform(2))};
}

std::string AnyMessage(Prng& prng) {
  std::vector<Tenure> tenures;
  for (uint64_t i = prng.Uniform(5); i > 0; --i) {
    tenures.push_back(AnyTenure(prng));
  }
  return SerializeTenures(tenures);
}

std::vector<Tenure> AfterMerging(const std::vector<std::string>& messages) {
  TenureTable table("n1");
  for (const std::string& message : messages) {
    EXPECT_THAT(table.Merge(message), IsOk());
  }
  return table.AllTenures();
}

TEST(BeatsTest, IsATotalOrder) {
  for (uint64_t seed = 1; seed <= 20 * kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    Tenure a = AnyTenure(prng);
    Tenure b = AnyTenure(prng);
    Tenure c = AnyTenure(prng);
    a.address = b.address = c.address;
    EXPECT_EQ(Beats(a, b) + Beats(b, a), a == b ? 0 : 1);
    if (Beats(a, b) && Beats(b, c)) {
      EXPECT_TRUE(Beats(a, c));
    }
  }
}

TEST(MergeTest, IsCommutativeAndIdempotent) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    std::vector<std::string> messages;
    for (int i = 0; i < 4; ++i) messages.push_back(AnyMessage(prng));
    const std::vector<Tenure> expected = AfterMerging(messages);
    const std::vector<std::string> again = messages;
    messages.insert(messages.end(), again.begin(), again.end());
    prng.Shuffle(absl::MakeSpan(messages));
    EXPECT_EQ(AfterMerging(messages), expected);
  }
}

// (a + b) + c = a + (b + c), where + merges the full messages of tables.
TEST(MergeTest, IsAssociative) {
  const auto sum = [](const std::string& a, const std::string& b) {
    return SerializeTenures(AfterMerging({a, b}));
  };
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    const std::string a = AnyMessage(prng);
    const std::string b = AnyMessage(prng);
    const std::string c = AnyMessage(prng);
    EXPECT_EQ(sum(sum(a, b), c), sum(a, sum(b, c)));
  }
}

// Nodes claim and release as they like, messages get lost and repeated; one
// full exchange in a ring and back, and all agree.
TEST(MergeTest, TablesAgreeAfterFullExchanges) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    std::vector<TenureTable> tables;
    for (int i = 0; i < 4; ++i) tables.emplace_back(fmt::format("n{}", i));
    for (int step = 0; step < 60; ++step) {
      TenureTable& table = tables[prng.Uniform(tables.size())];
      const auto vip =
          net::IpAddress::Ipv4(static_cast<uint32_t>(prng.Uniform(4)));
      const absl::Time now = kNow + absl::Seconds(prng.Uniform(3));
      if (prng.Chance(30)) {
        table.Release(vip, now);
      } else {
        EXPECT_THAT(table.Claim(vip, now), IsOk());
      }
      for (const std::string& message : table.TakeNews(1400)) {
        for (TenureTable& other : tables) {
          if (prng.Chance(50)) {
            EXPECT_THAT(other.Merge(message), IsOk());
          }
        }
      }
    }
    for (size_t i = 0; i < 2 * tables.size(); ++i) {
      TenureTable& to = tables[(i + 1) % tables.size()];
      EXPECT_THAT(to.Merge(tables[i % tables.size()].FullMessage()), IsOk());
    }
    for (const TenureTable& table : tables) {
      EXPECT_EQ(table.AllTenures(), tables[0].AllTenures());
    }
  }
}

}  // namespace
}  // namespace lb::election
