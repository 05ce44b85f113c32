#include "lb/io/sim/sim_world.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::io {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::IsEmpty;
using testing::Lt;
using testing::SizeIs;

std::vector<uint8_t> Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

// Two hosts; what n2 hears on UDP.
class SimWorldTest : public testing::Test {
 protected:
  SimWorldTest() { Listen(); }

  void Listen() {
    n2_->environment().datagrams->SetReceiver(
        [this](const net::Endpoint&, absl::Span<const uint8_t> payload) {
          heard_.emplace_back(payload.begin(), payload.end());
          heard_at_.push_back(world_.loop().Now());
        });
  }
  void Send(std::string_view text) {
    (void)n1_->environment().datagrams->Send(n2_->endpoint(), Bytes(text));
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  SimWorld world_{/*seed=*/1};
  SimHost* const n1_ = world_.AddHost("n1", "10.0.0.1/24");
  SimHost* const n2_ = world_.AddHost("n2", "10.0.0.2/24");
  std::vector<std::string> heard_;
  std::vector<absl::Time> heard_at_;
};

TEST_F(SimWorldTest, DelayAndJitterKeepTheirBounds) {
  const absl::Time start = world_.loop().Now();
  world_.network().paths().SetDefault(
      {.delay = absl::Milliseconds(10), .jitter = absl::Milliseconds(5)});
  for (int n = 0; n < 100; ++n) Send("x");
  RunFor(absl::Seconds(1));
  ASSERT_THAT(heard_at_, SizeIs(100));
  EXPECT_GE(heard_at_.front(), start + absl::Milliseconds(10));
  EXPECT_LT(heard_at_.back(), start + absl::Milliseconds(15));
}

TEST_F(SimWorldTest, LossAndDuplicationFollowTheirPercentages) {
  world_.network().paths().Set(*n1_, *n2_, {.loss_percent = 20});
  for (int n = 0; n < 1000; ++n) Send("x");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, SizeIs(testing::AllOf(Gt(750u), Lt(850u))));
  EXPECT_EQ(world_.network().stats().lost, 1000 - heard_.size());

  heard_.clear();
  world_.network().paths().Set(*n1_, *n2_, {.duplication_percent = 20});
  for (int n = 0; n < 1000; ++n) Send("x");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, SizeIs(testing::AllOf(Gt(1150u), Lt(1250u))));
  EXPECT_EQ(world_.network().stats().duplicated, heard_.size() - 1000);
}

TEST_F(SimWorldTest, ABlockIsOneWayAndAPartitionTwoWay) {
  int answered = 0;
  n1_->environment().datagrams->SetReceiver(
      [&](const net::Endpoint&, auto) { ++answered; });
  const auto exchange = [&] {
    heard_.clear();
    answered = 0;
    Send("x");
    (void)n2_->environment().datagrams->Send(n1_->endpoint(), Bytes("y"));
    RunFor(absl::Seconds(1));
    return std::pair<int, int>(heard_.size(), answered);
  };
  world_.network().paths().Block(*n1_, *n2_);
  EXPECT_EQ(exchange(), std::pair(0, 1));
  world_.network().paths().Unblock(*n1_, *n2_);
  EXPECT_EQ(exchange(), std::pair(1, 1));
  world_.Partition({n1_}, {n2_});
  EXPECT_EQ(exchange(), std::pair(0, 0));
  world_.Heal();
  EXPECT_EQ(exchange(), std::pair(1, 1));
  EXPECT_EQ(world_.network().stats().blocked, 3u);
}

TEST_F(SimWorldTest, AFullQueueDropsAndCounts) {
  n2_->Pause();
  for (size_t n = 0; n < kDatagramsInFlightMax + 10; ++n) Send("x");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, IsEmpty());
  EXPECT_EQ(world_.network().stats().overflowed, 10u);
  n2_->Resume();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, SizeIs(kDatagramsInFlightMax));
  Send("x");  // There is room again.
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, SizeIs(kDatagramsInFlightMax + 1));
}

TEST_F(SimWorldTest, TheTapSeesWhatIsSentAndLost) {
  std::vector<std::string> seen;
  world_.network().SetTap([&](const net::Endpoint& from,
                              const net::Endpoint& to,
                              absl::Span<const uint8_t> payload) {
    EXPECT_EQ(from, n1_->endpoint());
    EXPECT_EQ(to, n2_->endpoint());
    seen.emplace_back(payload.begin(), payload.end());
  });
  world_.network().paths().Block(*n1_, *n2_);
  Send("x");
  n1_->SendAs(n2_->endpoint(), n2_->endpoint(), Bytes("y"));
  EXPECT_THAT(seen, ElementsAre("x"));
}

TEST_F(SimWorldTest, AHostMaySendAsAnother) {
  std::vector<net::Endpoint> senders;
  n2_->environment().datagrams->SetReceiver(
      [&](const net::Endpoint& from, auto) { senders.push_back(from); });
  const net::Endpoint other = {*net::ParseIpAddress("10.0.0.3"), 7946};
  n1_->SendAs(other, n2_->endpoint(), Bytes("x"));
  RunFor(absl::Seconds(1));
  world_.network().paths().Block(*n1_, *n2_);
  n1_->SendAs(other, n2_->endpoint(), Bytes("y"));
  RunFor(absl::Seconds(1));
  EXPECT_THAT(senders, ElementsAre(other));
}

TEST_F(SimWorldTest, AnUnpluggedHostHearsNothing) {
  n2_->SetCarrier(false);
  Send("x");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, IsEmpty());
  EXPECT_EQ(world_.network().stats().unreachable, 1u);
  n2_->SetCarrier(true);
  Send("y");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, ElementsAre("y"));
}

TEST_F(SimWorldTest, ACrashedHostIsSilentAndItsOldObjectsStaySafe) {
  const Environment env = n2_->environment();
  int fired = 0;
  auto timer = env.loop->NewTimer([&] { ++fired; });
  timer->Arm(env.loop->Now() + absl::Seconds(1));
  env.loop->Post([&] { ++fired; });
  env.state->Write("x", "1", [&](auto) { ++fired; });
  auto port = *env.frames->Open("eth0", "");
  EXPECT_THAT(env.installer->Install("lo", *net::ParseIpAddress("10.0.0.9")),
              IsOk());
  Send("x");
  n2_->Crash();
  EXPECT_FALSE(n2_->running());
  EXPECT_THAT(env.datagrams->Send(n1_->endpoint(), Bytes("x")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(port->Send(std::vector<uint8_t>(60)),
              StatusIs(absl::StatusCode::kUnavailable));
  env.datagrams->SetReceiver([&](const net::Endpoint&, auto) { ++fired; });
  env.streams->SetAcceptor([&](auto) { ++fired; });
  env.links->SetObserver([&] { ++fired; });
  EXPECT_THAT(env.frames->Open("eth0", ""),
              StatusIs(absl::StatusCode::kUnavailable));
  RunFor(absl::Seconds(2));
  n2_->Restart();
  n2_->SetCarrier(true);  // Tells observers.
  Send("heard by nobody");
  timer->Arm(env.loop->Now());  // Of the old run: stays silent.
  RunFor(absl::Seconds(2));
  EXPECT_EQ(fired, 0);
  EXPECT_THAT(heard_, IsEmpty());
  EXPECT_THAT(n2_->state().values(), IsEmpty());
  EXPECT_THAT(n2_->installer().installed(), IsEmpty());

  Listen();
  Send("y");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, ElementsAre("y"));
}

TEST_F(SimWorldTest, AHostMayCrashWithinItsOwnCallback) {
  int fired = 0;
  std::unique_ptr<Timer> timer = n2_->environment().loop->NewTimer([&] {
    n2_->Crash();
    timer.reset();
    ++fired;
  });
  n2_->environment().datagrams->SetReceiver(
      [this, kept = std::string(100, 'x')](const net::Endpoint&, auto) {
        n2_->Crash();
        heard_.push_back(kept);
      });
  Send("x");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, SizeIs(1));
  n2_->Restart();
  timer = n2_->environment().loop->NewTimer([&] {
    n2_->Crash();
    timer.reset();
    ++fired;
  });
  timer->Arm(world_.loop().Now());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(fired, 1);
}

TEST_F(SimWorldTest, AKilledNodeLeavesItsKernelsStateBehind) {
  const net::IpAddress vip = *net::ParseIpAddress("10.0.0.9");
  EXPECT_THAT(n2_->environment().installer->Install("lo", vip), IsOk());
  n2_->Kill();
  EXPECT_THAT(n2_->installer().installed(),
              ElementsAre(std::pair(std::string("lo"), vip)));
  n2_->Restart();
  EXPECT_THAT(n2_->environment().installer->Uninstall("lo", vip), IsOk());
  EXPECT_THAT(n2_->installer().installed(), IsEmpty());
}

TEST_F(SimWorldTest, APausedHostCatchesUpInOrder) {
  std::vector<int> ran;
  Loop* loop = n2_->environment().loop;
  const auto timer = loop->NewTimer([&] { ran.push_back(1); });
  const auto disarmed = loop->NewTimer([&] { ran.push_back(9); });
  timer->Arm(loop->Now() + absl::Seconds(1));
  disarmed->Arm(loop->Now() + absl::Seconds(3));
  n2_->Pause();
  RunFor(absl::Seconds(2));
  Send("x");
  loop->Post([&] { disarmed->Disarm(); });
  RunFor(absl::Seconds(2));
  EXPECT_THAT(ran, IsEmpty());
  EXPECT_THAT(heard_, IsEmpty());
  n2_->Resume();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(ran, ElementsAre(1));
  EXPECT_THAT(heard_, ElementsAre("x"));
}

TEST_F(SimWorldTest, LinkChangesAreToldOnceLater) {
  int told = 0;
  LinkMonitor* links = n2_->environment().links;
  RunFor(absl::Seconds(1));
  links->SetObserver([&] { ++told; });
  n2_->SetCarrier(false);
  n2_->links().AddAddress("eth0", *net::ParseIpPrefix("10.0.0.1/32"));
  EXPECT_EQ(told, 0);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(told, 1);
  ASSERT_THAT(links->Links(), SizeIs(2));
  const Link eth0 = links->Links()[1];
  EXPECT_FALSE(eth0.carrier);
  EXPECT_THAT(eth0.addresses, ElementsAre(*net::ParseIpPrefix("10.0.0.1/32"),
                                          *net::ParseIpPrefix("10.0.0.2/24")));
}

TEST_F(SimWorldTest, StateOutlivesACrashAndFailsOnDemand) {
  StateStore* state = n2_->environment().state;
  state->Write("x", "1", [](auto) {});
  RunFor(absl::Seconds(1));
  n2_->Crash();
  n2_->Restart();
  EXPECT_THAT(state->Read("x"), IsOkAndHolds("1"));
  n2_->state().SetWriteError(absl::ResourceExhaustedError("disk full"));
  absl::Status answer;
  state->Write("x", "2", [&](const absl::Status& status) { answer = status; });
  RunFor(absl::Seconds(1));
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(state->Read("x"), IsOkAndHolds("1"));
}

TEST_F(SimWorldTest, OnlyTheNewestWaitingValueIsWritten) {
  StateStore* state = n2_->environment().state;
  for (int n = 0; n < 10; ++n) {
    state->Write("x", std::to_string(n), [](auto) {});
  }
  RunFor(absl::Seconds(1));
  EXPECT_EQ(n2_->state().writes(), 2u);  // The first and the last.
  EXPECT_THAT(state->Read("x"), IsOkAndHolds("9"));
}

TEST_F(SimWorldTest, RandomNumbersDependOnSeedHostAndRun) {
  const auto draw = [](const Environment& env) {
    std::vector<uint8_t> bytes(16);
    env.random_bytes(absl::MakeSpan(bytes));
    Prng prng = env.prng;
    return std::pair(prng.Next(), bytes);
  };
  const auto first = draw(n1_->environment());
  EXPECT_EQ(first, draw(n1_->environment()));
  EXPECT_NE(first.first, draw(n2_->environment()).first);
  EXPECT_NE(first.second, draw(n2_->environment()).second);
  SimWorld same(/*seed=*/1);
  EXPECT_EQ(first, draw(same.AddHost("n1", "10.0.0.7/24")->environment()));
  SimWorld other(/*seed=*/2);
  EXPECT_NE(first, draw(other.AddHost("n1", "10.0.0.1/24")->environment()));
  n1_->Crash();
  n1_->Restart();
  EXPECT_NE(first, draw(n1_->environment()));
}

TEST_F(SimWorldTest, TheCivilClockMayJumpAndBeWrong) {
  const absl::Time now = world_.loop().Now();
  EXPECT_EQ(absl::FormatTime(n1_->environment().loop->CivilNow(),
                             absl::UTCTimeZone()),
            "2024-01-01T00:00:00+00:00");
  n2_->process().SetCivilError(absl::Seconds(-5));
  EXPECT_EQ(n2_->environment().loop->CivilNow(),
            n1_->environment().loop->CivilNow() - absl::Seconds(5));
  world_.loop().SetCivilNow(absl::FromUnixSeconds(0));
  EXPECT_EQ(n1_->environment().loop->CivilNow(), absl::FromUnixSeconds(0));
  EXPECT_EQ(world_.loop().Now(), now);
}

// 50 hosts that chat with random others under loss, with crashes in between.
std::pair<uint64_t, uint64_t> ChatHashAndCount(uint64_t seed) {
  SimWorld world(seed);
  world.network().paths().SetDefault(
      {.loss_percent = 5, .duplication_percent = 1});
  std::vector<std::unique_ptr<Timer>> timers;
  const auto start = [&](SimHost* host) {
    auto env = std::make_shared<Environment>(host->environment());
    env->datagrams->SetReceiver(
        [env](const net::Endpoint& from, absl::Span<const uint8_t> payload) {
          if (payload.size() < 3) return;
          (void)env->datagrams->Send(from, payload.subspan(1));
        });
    auto timer = std::make_shared<std::unique_ptr<Timer>>();
    timers.push_back(env->loop->NewTimer([&world, env, n = timers.size(),
                                          &timers] {
      const auto& peer = world.hosts()[env->prng.Uniform(world.hosts().size())];
      const uint64_t number = env->prng.Next();
      const auto* bytes = reinterpret_cast<const uint8_t*>(&number);
      (void)env->datagrams->Send(peer->endpoint(), {bytes, sizeof(number)});
      timers[n]->Arm(env->loop->Now() + absl::Milliseconds(10));
    }));
    timers.back()->Arm(env->loop->Now());
  };
  for (int n = 1; n <= 50; ++n) {
    start(world.AddHost("n" + std::to_string(n),
                        "10.0.0." + std::to_string(n) + "/24"));
  }
  for (int n = 0; n < 5; ++n) {
    world.loop().RunFor(absl::Seconds(1));
    world.hosts()[n]->Crash();
    if (n < 1) continue;
    world.hosts()[n - 1]->Restart();
    start(world.hosts()[n - 1].get());
  }
  return {world.trace_hash(), world.network().stats().delivered};
}

TEST(SimWorldTraceTest, TheSameSeedGivesTheSameTraceAndAnotherAnother) {
  const auto first = ChatHashAndCount(1);
  EXPECT_GT(first.second, 50'000u);
  EXPECT_EQ(first, ChatHashAndCount(1));
  EXPECT_NE(first.first, ChatHashAndCount(2).first);
}

}  // namespace
}  // namespace lb::io
