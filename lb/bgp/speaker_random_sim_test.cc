// Random changes, faults and reloads, each run from one seed.
#include <cstddef>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/bgp/testing/speaker_sim_fixture.h"

namespace lb::bgp {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

// A node with some routers, and what each of them is to be told. A router is
// named by its number.
class RandomRun {
 public:
  RandomRun(uint64_t seed, size_t routers)
      : sim_(seed), prng_(Prng(seed).Fork("test")) {
    for (size_t n = 0; n < routers; ++n) {
      SimRouter& router = sim_.AddRouter({.hold_seconds = 30});
      peers_.push_back({.router = &router, .options = sim_.PeerOf(router)});
    }
    sim_.StartNode();
    SetPeers();
  }

  SpeakerSim& sim() { return sim_; }
  Prng& prng() { return prng_; }
  size_t AnyRouter() { return prng_.Uniform(peers_.size()); }
  const SimRouter& router(size_t number) { return *peers_[number].router; }

  PeersChange SetPeers() {
    std::vector<PeerOptions> options;
    for (const Peer& peer : peers_) options.push_back(peer.options);
    prng_.Shuffle(absl::MakeSpan(options));
    PeersChange change = sim_.node().SetPeers(options);
    EXPECT_THAT(change.refused, IsEmpty());
    return change;
  }
  void ChangeOptions(size_t number) {
    peers_[number].options.hold_time =
        absl::Seconds(20 + static_cast<int64_t>(prng_.Uniform(100)));
  }

  void ChangeRoutes(size_t number) {
    RouteSet& wanted = peers_[number].wanted;
    const std::string& name = peers_[number].options.name;
    if (prng_.Chance(30)) {
      wanted = {};
      for (uint64_t n = prng_.Uniform(40); n > 0; --n) {
        EXPECT_THAT(wanted.Set(AnyRoute()), IsOk());
      }
      EXPECT_THAT(sim_.node().SetRoutes(name, wanted), IsOk());
      return;
    }
    RoutesChange change;
    for (uint64_t n = prng_.Uniform(4); n > 0; --n) {
      change.set.push_back(AnyRoute());
    }
    for (uint64_t n = prng_.Uniform(4); n > 0; --n) {
      change.erased.push_back(AnyRoute().prefix);
    }
    for (const net::IpPrefix& prefix : change.erased) wanted.Erase(prefix);
    for (const Route& route : change.set) {
      EXPECT_THAT(wanted.Set(route), IsOk());
    }
    EXPECT_THAT(sim_.node().ChangeRoutes(name, change), IsOk());
  }

  void Disturb(size_t number) {
    SimRouter& router = *peers_[number].router;
    io::SimHost* const host = sim_.HostOf(router);
    switch (prng_.Uniform(9)) {
      case 0:
        return router.Reset();
      case 1:
        return router.Notify(6, static_cast<int>(1 + prng_.Uniform(10)));
      case 2:
        return router.AskRefresh(prng_.Chance(50) ? net::IpFamily::kIpv4
                                                  : net::IpFamily::kIpv6);
      case 3:
        return host->Pause();
      case 4:
        return host->Resume();
      case 5:
        return sim_.world().Partition({sim_.host()}, {host});
      case 6:
        return sim_.world().Heal();
      case 7:
        EXPECT_THAT(sim_.node().PeerFailed(host->name()), IsOk());
        return;
      default:
        ChangeOptions(number);
        SetPeers();
    }
  }

  // After that every router has what it is to have.
  void Settle() {
    sim_.world().Heal();
    for (const Peer& peer : peers_) sim_.HostOf(*peer.router)->Resume();
    sim_.RunFor(absl::Minutes(3));
    for (const Peer& peer : peers_) {
      ASSERT_TRUE(sim_.WaitEstablished(*peer.router, absl::Minutes(2)));
    }
    sim_.RunFor(absl::Seconds(1));
    for (const Peer& peer : peers_) {
      sim_.ExpectTold(*peer.router, peer.wanted);
      // Each end was said, but for those of TCP.
      EXPECT_THAT(peer.router->ends(), Not(Contains("closed")));
      EXPECT_EQ(sim_.StatusOf(*peer.router).of_family[0].pending, 0u);
    }
  }

 private:
  struct Peer {
    SimRouter* router = nullptr;
    PeerOptions options;
    RouteSet wanted;
  };

  Route AnyRoute() {
    const uint64_t number = prng_.Uniform(60);
    Route route = {.prefix = *net::ParseIpPrefix(
                       number < 30 ? fmt::format("192.0.2.{}/32", number)
                                   : fmt::format("2001:db8:{}::/64", number))};
    if (prng_.Chance(30)) {
      route.attributes.med = static_cast<uint32_t>(prng_.Uniform(3));
    }
    if (prng_.Chance(30)) {
      route.attributes.communities = {
          {static_cast<uint32_t>(0x10000 + prng_.Uniform(3))}};
    }
    return route;
  }

  SpeakerSim sim_;
  Prng prng_;
  std::vector<Peer> peers_;
};

TEST(SpeakerRandomSimTest, AfterTheFaultsAllRoutersHaveTheirRoutes) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    RandomRun run(seed, 1 + seed % 3);
    for (int n = 0; n < 120; ++n) {
      run.sim().RunFor(run.prng().UniformDuration(
          run.prng().Chance(50) ? absl::Seconds(5) : absl::Milliseconds(2)));
      if (run.prng().Chance(60)) {
        run.ChangeRoutes(run.AnyRouter());
      } else {
        run.Disturb(run.AnyRouter());
      }
    }
    run.Settle();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(SpeakerRandomSimTest, TenThousandReloadsLoseNoSessionThatDidNotChange) {
  RandomRun run(/*seed=*/7, /*routers=*/4);
  run.sim().RunFor(absl::Seconds(2));
  int resets = 0;
  for (int n = 0; n < 10'000; ++n) {
    const size_t number = run.AnyRouter();
    const size_t ends = run.router(number).ends().size();
    if (n % 100 == 99) {
      run.ChangeOptions(number);
      ++resets;
    } else {
      run.ChangeRoutes(number);
    }
    const PeersChange change = run.SetPeers();
    EXPECT_LE(change.reset.size(), 1u);
    run.sim().RunFor(absl::Milliseconds(10));
    EXPECT_EQ(run.router(number).ends().size() - ends, change.reset.size());
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(resets, 100);
  run.Settle();
}

TEST(SpeakerRandomSimTest, TheSameSeedGivesTheSameRun) {
  uint64_t hashes[2];
  for (uint64_t& hash : hashes) {
    RandomRun run(/*seed=*/3, /*routers=*/2);
    for (int n = 0; n < 50; ++n) {
      run.sim().RunFor(absl::Milliseconds(100));
      run.ChangeRoutes(run.AnyRouter());
    }
    hash = run.sim().world().trace_hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace lb::bgp
