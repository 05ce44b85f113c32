// Demultiplexer against a slow and obvious version: look at every session, and
// keep the best that fits.
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/bfd/demultiplexer.h"

namespace lb::bfd {
namespace {

net::IpAddress Address(uint64_t number) {
  return *net::ParseIpAddress(number % 2 == 0
                                  ? fmt::format("10.0.0.{}", number)
                                  : fmt::format("fe80::{}", number));
}

std::string Interface(uint64_t number) {
  return number == 0 ? "" : fmt::format("eth{}", number);
}

SessionKey DrawKey(Prng& prng) {
  SessionKey key = {.hops = prng.Chance(50) ? Hops::kSingle : Hops::kMulti,
                    .remote = Address(prng.Uniform(4)),
                    .interface = Interface(prng.Uniform(3))};
  if (prng.Chance(50)) key.local = Address(prng.Uniform(4));
  return key;
}

uint32_t FindSlowly(const absl::btree_map<SessionKey, uint32_t>& sessions,
                    const PacketWay& way) {
  uint32_t best = 0;
  std::tuple<bool, bool> best_rank;
  for (const auto& [key, discriminator] : sessions) {
    if (key.hops != way.hops || key.remote != way.from) continue;
    if (!key.interface.empty() && key.interface != way.interface) continue;
    if (key.local && *key.local != way.to) continue;
    const std::tuple rank(!key.interface.empty(), key.local.has_value());
    if (best != 0 && rank < best_rank) continue;
    best = discriminator;
    best_rank = rank;
  }
  return best;
}

void RunSeed(uint64_t seed) {
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Prng prng(seed);
  Demultiplexer demultiplexer;
  absl::btree_map<SessionKey, uint32_t> model;
  int found = 0;
  for (uint32_t step = 1; step <= 400; ++step) {
    const SessionKey key = DrawKey(prng);
    if (model.erase(key) != 0) {
      demultiplexer.Remove(key);
    } else if (model.size() < 12) {
      demultiplexer.Add(key, step);
      model.emplace(key, step);
    }
    const std::string interface = Interface(prng.Uniform(3));
    const PacketWay way = {
        .hops = prng.Chance(50) ? Hops::kSingle : Hops::kMulti,
        .from = Address(prng.Uniform(4)),
        .to = Address(prng.Uniform(4)),
        .interface = interface};
    const uint32_t expected = FindSlowly(model, way);
    ASSERT_EQ(demultiplexer.Find(way), expected) << "step " << step;
    if (expected != 0) ++found;
    ASSERT_EQ(demultiplexer.all(), model);
  }
  EXPECT_GT(found, 20);
}

TEST(DemultiplexerModelTest, FindsWhatTheSlowVersionFinds) {
  for (uint64_t seed = 1; seed <= 100; ++seed) RunSeed(seed);
}

}  // namespace
}  // namespace lb::bfd
