// Two ends on a simulated network, with faults drawn from seeds.
#include <algorithm>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "lb/base/prng.h"
#include "lb/bfd/testing/bfd_pair.h"

namespace lb::bfd {
namespace {

using testing::IsEmpty;

constexpr absl::Duration Ms(int64_t count) { return absl::Milliseconds(count); }

// A path's delay and jitter, with room.
constexpr absl::Duration kPath = Ms(1);
// Down, Init, Up, by packets that leave once a second at least.
constexpr absl::Duration kComesUp = absl::Seconds(4);

// A pair that is Up, and its own random numbers.
struct Running {
  explicit Running(uint64_t seed, absl::Duration interval = Ms(50))
      : pair(seed), prng(Prng(seed).Fork("test")) {
    pair.StartBoth(BfdPair::Every(interval));
    EXPECT_TRUE(pair.RunUntilUp(kComesUp));
    pair.RunFor(prng.UniformDuration(absl::Seconds(1)));
    pair.ClearEvents();
  }

  BfdPair pair;
  Prng prng;
};

TEST(BfdSimTest, ComesUpAndStaysUp) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Running run(seed);
    run.pair.RunFor(absl::Minutes(1));
    EXPECT_THAT(run.pair.a().events(), IsEmpty());
    EXPECT_THAT(run.pair.b().events(), IsEmpty());
    EXPECT_EQ(run.pair.a().session().status.detection_time, Ms(150));
  }
}

TEST(BfdSimTest, TheSameSeedIsTheSameRun) {
  const auto run = [](uint64_t seed) {
    Running running(seed);
    running.pair.RunFor(absl::Seconds(10));
    return running.pair.world().trace_hash();
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(BfdSimTest, ACutIsDetectedInTime) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Running run(seed);
    run.pair.CutBoth();
    const absl::Time cut_at = run.pair.Now();
    run.pair.RunFor(absl::Seconds(2));
    for (BfdEnd* end : {&run.pair.a(), &run.pair.b()}) {
      ASSERT_EQ(end->events().size(), 1u);
      EXPECT_EQ(end->events()[0].event.change, SessionChange::kPeerFailed);
      EXPECT_LE(end->events()[0].at - cut_at, Ms(150) + kPath);
      EXPECT_GE(end->events()[0].at - cut_at, Ms(100));
    }
    run.pair.Heal();
    EXPECT_TRUE(run.pair.RunUntilUp(kComesUp));
  }
}

// The end that still hears the other one is told by it.
TEST(BfdSimTest, AOneWayCutEndsTheSessionAtBothEnds) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Running run(seed);
    run.pair.Cut(run.pair.a(), run.pair.b());
    const absl::Time cut_at = run.pair.Now();
    run.pair.RunFor(absl::Seconds(10));
    EXPECT_EQ(run.pair.a().Count(SessionChange::kPeerFailed,
                                 Diagnostic::kNeighborSignaledDown),
              1);
    EXPECT_EQ(run.pair.b().Count(SessionChange::kPeerFailed,
                                 Diagnostic::kDetectionExpired),
              1);
    EXPECT_LE(run.pair.a().events()[0].at - cut_at, Ms(150) + 2 * kPath);
    // Neither comes up while one does not hear the other.
    EXPECT_EQ(run.pair.a().Count(SessionChange::kUp), 0);
    EXPECT_EQ(run.pair.b().Count(SessionChange::kUp), 0);
  }
}

TEST(BfdSimTest, NeverUpUnlessBothHearEachOther) {
  for (const bool a_hears : {false, true}) {
    BfdPair pair(/*seed=*/1);
    if (a_hears) {
      pair.Cut(pair.a(), pair.b());
    } else {
      pair.Cut(pair.b(), pair.a());
    }
    pair.StartBoth(BfdPair::Every(Ms(50)));
    pair.RunFor(absl::Minutes(5));
    EXPECT_THAT(pair.a().events(), IsEmpty());
    EXPECT_THAT(pair.b().events(), IsEmpty());
    // The one that hears says so; the other one still knows nothing.
    BfdEnd& hearing = a_hears ? pair.a() : pair.b();
    BfdEnd& deaf = a_hears ? pair.b() : pair.a();
    EXPECT_EQ(hearing.session().status.state, State::kInit);
    EXPECT_EQ(deaf.session().status.state, State::kDown);
    pair.Heal();
    EXPECT_TRUE(pair.RunUntilUp(kComesUp));
  }
}

TEST(BfdSimTest, LossesAreOvercome) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng = Prng(seed).Fork("test");
    BfdPair pair(seed);
    pair.world().network().paths().SetDefault(
        {.jitter = Ms(30),
         .loss_percent = static_cast<double>(prng.Uniform(60)),
         .duplication_percent = 20});
    pair.StartBoth(BfdPair::Every(Ms(50)));
    pair.RunFor(absl::Minutes(1));
    pair.world().network().paths().SetDefault({});
    EXPECT_TRUE(pair.RunUntilUp(kComesUp + absl::Seconds(3)));
    pair.ClearEvents();
    pair.RunFor(absl::Minutes(1));
    EXPECT_THAT(pair.a().events(), IsEmpty());
    EXPECT_THAT(pair.b().events(), IsEmpty());
  }
}

// The other end still has its time when the stalled one goes on.
TEST(BfdSimTest, AShortStallIsNoFailure) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Running run(seed);
    for (int i = 0; i < 20; ++i) {
      run.pair.a().host().Pause();
      run.pair.RunFor(run.prng.UniformDuration(Ms(98)));
      run.pair.a().host().Resume();
      run.pair.RunFor(Ms(200));
    }
    EXPECT_THAT(run.pair.a().events(), IsEmpty());
    EXPECT_THAT(run.pair.b().events(), IsEmpty());
  }
}

// A stall of any length: packets of the other end wait in the socket, and the
// timers fire first. The one that stalled does not say that the other one is
// silent. The other one rightly does.
TEST(BfdSimTest, TheStalledEndShootsNoPeer) {
  int told = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Running run(seed);
    // Around the detection time, and far over it.
    const absl::Duration most = seed % 2 == 0 ? Ms(260) : absl::Seconds(20);
    run.pair.a().host().Pause();
    run.pair.RunFor(run.prng.UniformDuration(most));
    run.pair.a().host().Resume();
    run.pair.RunFor(absl::Seconds(5));
    EXPECT_EQ(run.pair.a().Count(SessionChange::kPeerFailed,
                                 Diagnostic::kDetectionExpired),
              0);
    told += run.pair.b().Count(SessionChange::kPeerFailed,
                               Diagnostic::kDetectionExpired);
    EXPECT_TRUE(run.pair.RunUntilUp(kComesUp));
  }
  EXPECT_GT(told, 100);  // The stalls were long enough to matter.
}

TEST(BfdSimTest, AnEndThatIsStoppedIsSeenInTime) {
  Running run(/*seed=*/1);
  run.pair.b().host().Pause();
  const absl::Time at = run.pair.Now();
  run.pair.RunFor(absl::Seconds(1));
  ASSERT_EQ(run.pair.a().events().size(), 1u);
  EXPECT_LE(run.pair.a().events()[0].at - at, Ms(150) + kPath);
}

// The new process has other discriminators, and the old session ends by them.
TEST(BfdSimTest, ARestartIsAFailureAndComesUpAgain) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Running run(seed);
    const uint32_t before = run.pair.b().session().status.discriminator;
    run.pair.b().Restart(run.prng.UniformDuration(Ms(300)),
                         BfdPair::Every(Ms(50)));
    EXPECT_NE(run.pair.b().session().status.discriminator, before);
    EXPECT_TRUE(run.pair.RunUntilUp(kComesUp));
    EXPECT_EQ(run.pair.a().Count(SessionChange::kPeerFailed), 1);
    EXPECT_EQ(run.pair.a().Count(SessionChange::kUp), 1);
    EXPECT_EQ(run.pair.a().session().status.peer_discriminator,
              run.pair.b().session().status.discriminator);
  }
}

TEST(BfdSimTest, ClocksMayDrift) {
  for (const int drift : {-50'000, -200, 200, 50'000}) {
    SCOPED_TRACE(fmt::format("{} parts per million", drift));
    BfdPair pair(/*seed=*/1);
    pair.a().host().process().SetClockDrift(drift);
    pair.StartBoth(BfdPair::Every(Ms(50)));
    ASSERT_TRUE(pair.RunUntilUp(kComesUp));
    pair.ClearEvents();
    pair.RunFor(absl::Minutes(10));
    EXPECT_THAT(pair.a().events(), IsEmpty());
    EXPECT_THAT(pair.b().events(), IsEmpty());
    pair.CutBoth();
    const absl::Time cut_at = pair.Now();
    pair.RunFor(absl::Seconds(1));
    EXPECT_LE(pair.a().events().at(0).at - cut_at, Ms(160));
  }
}

SessionOptions DrawOptions(Prng& prng) {
  const auto interval = [&] { return Ms(10 + prng.Uniform(400)); };
  return {.desired_min_tx = interval(),
          .required_min_rx = interval(),
          .detect_multiplier = static_cast<int>(2 + prng.Uniform(4))};
}

// 1,000 changes at each end, whatever was being agreed on: no session is lost.
TEST(BfdSimTest, ChangesOfOptionsLoseNoSession) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Running run(seed);
    SessionOptions last_a;
    SessionOptions last_b;
    for (int i = 0; i < 1000; ++i) {
      last_a = DrawOptions(run.prng);
      run.pair.a().SetOptions(last_a);
      run.pair.RunFor(
          run.prng.UniformDuration(Ms(run.prng.Chance(50) ? 5 : 500)));
      last_b = DrawOptions(run.prng);
      run.pair.b().SetOptions(last_b);
      run.pair.RunFor(
          run.prng.UniformDuration(Ms(run.prng.Chance(50) ? 5 : 500)));
    }
    EXPECT_THAT(run.pair.a().events(), IsEmpty());
    EXPECT_THAT(run.pair.b().events(), IsEmpty());
    ASSERT_TRUE(run.pair.RunUntilUp(kComesUp));
    // Both ends have the same in use.
    const SessionStatus a = run.pair.a().session().status;
    const SessionStatus b = run.pair.b().session().status;
    EXPECT_EQ(a.transmit_interval,
              std::max(last_a.desired_min_tx, last_b.required_min_rx));
    EXPECT_EQ(b.receive_interval, a.transmit_interval);
    EXPECT_EQ(a.receive_interval, b.transmit_interval);
    EXPECT_EQ(a.detection_time, last_b.detect_multiplier * b.transmit_interval);
  }
}

// The packets of the changes may be lost too.
TEST(BfdSimTest, AChangeIsAgreedOnInSpiteOfLosses) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Running run(seed);
    run.pair.world().network().paths().SetDefault({.loss_percent = 10});
    SessionOptions slow = BfdPair::Every(Ms(300));
    slow.detect_multiplier = 20;
    run.pair.a().SetOptions(slow);
    run.pair.RunFor(absl::Seconds(10));
    run.pair.world().network().paths().SetDefault({});
    ASSERT_TRUE(run.pair.RunUntilUp(kComesUp));
    EXPECT_EQ(run.pair.a().session().status.transmit_interval, Ms(300));
  }
}

TEST(BfdSimTest, AnAdministratorsEndIsNoFailureAtTheOtherEnd) {
  Running run(/*seed=*/1);
  EXPECT_TRUE(run.pair.a().node().SetSessions({}).ok());
  run.pair.RunFor(absl::Seconds(10));
  EXPECT_EQ(run.pair.a().Count(SessionChange::kDisabled), 1);
  ASSERT_EQ(run.pair.b().events().size(), 1u);
  EXPECT_EQ(run.pair.b().events()[0].event.change,
            SessionChange::kPeerAdminDown);
  EXPECT_EQ(run.pair.b().session().status.state, State::kDown);
  run.pair.a().SetOptions(BfdPair::Every(Ms(50)));
  EXPECT_TRUE(run.pair.RunUntilUp(kComesUp));
}

TEST(BfdSimTest, IPv6AndMultihopAreTheSame) {
  for (const Hops hops : {Hops::kSingle, Hops::kMulti}) {
    BfdPair pair(/*seed=*/1, "2001:db8::1/64", "2001:db8::2/64");
    pair.StartBoth(BfdPair::Every(Ms(50)), hops);
    ASSERT_TRUE(pair.RunUntilUp(kComesUp));
    pair.ClearEvents();
    pair.RunFor(absl::Minutes(1));
    EXPECT_THAT(pair.a().events(), IsEmpty());
    EXPECT_EQ(pair.a().node().verdicts()[Verdict::kLowTtl], 0u);
  }
}

}  // namespace
}  // namespace lb::bfd
