#include "lb/io/posix/posix_environment.h"

#include <signal.h>

#include <atomic>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/posix/signals.h"
#include "lb/io/testing/temporary_folder.h"

namespace lb::io {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Optional;

class PosixEnvironmentTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<PosixEnvironment>> Create(
      const net::Endpoint& gossip) {
    return PosixEnvironment::Create(
        {.gossip = gossip, .state_folder = folder_.path() + "/state"});
  }

  const net::Endpoint loopback_ = {net::IpAddress::Ipv4(0x7f000001), 0};
  const TemporaryFolder folder_;
};

TEST_F(PosixEnvironmentTest, AllOfItIsThere) {
  const auto world = Create(loopback_);
  ASSERT_THAT(world, IsOk());
  const Environment& env = (*world)->environment();
  EXPECT_NE(env.datagrams->local().port, 0);
  EXPECT_EQ(env.datagrams->local(), env.streams->local());
  EXPECT_NE(env.frames, nullptr);
  EXPECT_NE(env.installer, nullptr);
  EXPECT_NE(env.log, nullptr);
  EXPECT_THAT(env.state->Read("x"), StatusIs(absl::StatusCode::kNotFound));
  const std::vector<Link> links = env.links->Links();
  const auto is_lo = [](const Link& link) {
    return link.name == "lo" && link.loopback && link.index > 0;
  };
  EXPECT_EQ(std::count_if(links.begin(), links.end(), is_lo), 1);
  std::vector<uint8_t> first(32), second(32);
  env.random_bytes(absl::MakeSpan(first));
  env.random_bytes(absl::MakeSpan(second));
  EXPECT_NE(first, second);
}

TEST_F(PosixEnvironmentTest, WithoutAFolderThereIsNoStateStore) {
  const auto world = PosixEnvironment::Create({.gossip = loopback_});
  ASSERT_THAT(world, IsOk());
  EXPECT_EQ((*world)->environment().state, nullptr);
}

TEST_F(PosixEnvironmentTest, APortInUseIsNamed) {
  const auto world = Create(loopback_);
  ASSERT_THAT(world, IsOk());
  const net::Endpoint used = (*world)->environment().datagrams->local();
  const TemporaryFolder other;
  EXPECT_THAT(
      PosixEnvironment::Create({.gossip = used, .state_folder = other.path()}),
      StatusIs(absl::StatusCode::kUnavailable,
               testing::HasSubstr(used.ToString())));
}

TEST_F(PosixEnvironmentTest, OtherThreadsMayPostAndStop) {
  const auto world = Create(loopback_);
  ASSERT_THAT(world, IsOk());
  int ran = 0;  // On the loop thread only.
  std::thread other([&] {
    for (int n = 0; n < 1000; ++n) {
      (*world)->environment().loop->Post([&] { ++ran; });
    }
    (*world)->environment().loop->Post([&] { (*world)->Stop(); });
  });
  (*world)->Run();
  other.join();
  EXPECT_EQ(ran, 1000);
}

TEST_F(PosixEnvironmentTest, ReadsKernelSettings) {
  EXPECT_THAT(ReadSysctl("net/ipv4/conf/all/arp_ignore"),
              Optional(AllOf(Ge(0), Le(8))));
  EXPECT_EQ(ReadSysctl("net/ipv4/conf/none/arp_ignore"), std::nullopt);
  EXPECT_EQ(ReadSysctl("kernel/ostype"), std::nullopt);  // Is no number.
}

// The middle one both spins and sleeps.
TEST_F(PosixEnvironmentTest, ABusyLoopRunsTheSame) {
  for (const absl::Duration busy_poll :
       {absl::ZeroDuration(), absl::Milliseconds(2),
        absl::InfiniteDuration()}) {
    SCOPED_TRACE(busy_poll);
    const auto world = PosixEnvironment::Create(
        {.gossip = loopback_, .loop = {.busy_poll = busy_poll}});
    ASSERT_THAT(world, IsOk());
    PosixLoop* const loop = (*world)->loop();
    std::vector<int> ran;
    std::thread other;
    const auto late = loop->NewTimer([&] {
      ran.push_back(2);
      other = std::thread([&] {
        loop->Post([&] {
          ran.push_back(3);
          (*world)->Stop();
        });
      });
    });
    const auto soon = loop->NewTimer([&] { ran.push_back(1); });
    late->Arm(loop->Now() + absl::Milliseconds(20));
    soon->Arm(loop->Now() + absl::Milliseconds(1));
    (*world)->Run();
    other.join();
    EXPECT_THAT(ran, ElementsAre(1, 2, 3));
  }
}

TEST_F(PosixEnvironmentTest, SignalsComeOnTheLoop) {
  const auto world = Create(loopback_);
  ASSERT_THAT(world, IsOk());
  std::vector<int> seen;
  const auto signals =
      Signals::Create((*world)->loop(), {SIGHUP, SIGTERM}, [&](int number) {
        seen.push_back(number);
        if (number == SIGTERM) (*world)->Stop();
      });
  ASSERT_THAT(signals, IsOk());
  raise(SIGHUP);
  (*world)->environment().loop->Post([] { raise(SIGTERM); });
  (*world)->Run();
  EXPECT_THAT(seen, ElementsAre(SIGHUP, SIGTERM));
}

TEST_F(PosixEnvironmentTest, AnyAddressSpeaksBothFamilies) {
  const auto world = Create({*net::ParseIpAddress("::"), 0});
  if (!world.ok()) GTEST_SKIP() << "SKIPPED: no IPv6: " << world.status();
  const Environment& env = (*world)->environment();
  std::vector<net::Endpoint> from;
  env.datagrams->SetReceiver(
      [&](const net::Endpoint& sender, auto) { from.push_back(sender); });
  const net::Endpoint self = {loopback_.address, env.datagrams->local().port};
  EXPECT_THAT(env.datagrams->Send(self, {}), IsOk());
  ASSERT_TRUE((*world)->loop()->RunUntil([&] { return !from.empty(); },
                                         absl::Seconds(5)));
  EXPECT_THAT(from, ElementsAre(self));
}

}  // namespace
}  // namespace lb::io
