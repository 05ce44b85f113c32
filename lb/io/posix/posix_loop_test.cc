// What waits on the loop is served beside a flood; turns are measured.
#include "lb/io/posix/posix_loop.h"

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/posix/tcp_transport.h"
#include "lb/io/posix/udp_transport.h"
#include "lb/io/turn_cause.h"
#include "lb/net/endpoint.h"

namespace lb::io {
namespace {

const net::Endpoint kLoopback = {net::IpAddress::Ipv4(0x7f000001), 0};

// Works for `duration`; a test of real time has no other way.
void Work(const PosixLoop& loop, absl::Duration duration) {
  const absl::Time end = loop.Now() + duration;
  while (loop.Now() < end) {
  }
}

class DatagramTurnTest : public testing::Test {
 protected:
  void Flood(int datagrams) {
    const std::vector<uint8_t> payload = {1, 2, 3};
    for (int n = 0; n < datagrams; ++n) {
      ASSERT_THAT(sender_->Send(receiver_->local(), payload), IsOk());
    }
  }

  PosixLoop loop_;
  const std::unique_ptr<UdpTransport> sender_ =
      *UdpTransport::Create(&loop_, kLoopback);
  const std::unique_ptr<UdpTransport> receiver_ =
      *UdpTransport::Create(&loop_, kLoopback);
};

TEST_F(DatagramTurnTest, DatagramsThatTakeLongDoNotHoldTimersUp) {
  constexpr int kDatagrams = 60;
  int received = 0;
  receiver_->SetReceiver([&](const net::Endpoint&, absl::Span<const uint8_t>) {
    ++received;
    Work(loop_, absl::Milliseconds(2));
  });
  Flood(kDatagrams);
  std::vector<int> received_then;
  std::unique_ptr<Timer> timer = loop_.NewTimer([&] {
    received_then.push_back(received);
    timer->Arm(loop_.Now());
  });
  timer->Arm(loop_.Now());
  ASSERT_TRUE(loop_.RunUntil([&] { return received == kDatagrams; },
                             absl::Seconds(30)));
  // The timer had a turn after every few of them: 5 ms hold three.
  int largest = 0;
  for (size_t i = 1; i < received_then.size(); ++i) {
    largest = std::max(largest, received_then[i] - received_then[i - 1]);
  }
  EXPECT_GT(received_then.size(), 15u);
  EXPECT_LE(largest, 3);
}

TEST_F(DatagramTurnTest, CheapDatagramsAreAllTaken) {
  int received = 0;
  receiver_->SetReceiver(
      [&](const net::Endpoint&, absl::Span<const uint8_t>) { ++received; });
  Flood(200);
  EXPECT_TRUE(
      loop_.RunUntil([&] { return received == 200; }, absl::Seconds(10)));
}

struct CountedLook final : FirstLook {
  void Look() override { ++count; }
  int count = 0;
};

TEST(FirstLookTest, ComesBetweenHandlersThatAreReadyTogether) {
  PosixLoop loop;
  const auto look = std::make_shared<CountedLook>();
  loop.LookFirst(look);
  std::vector<int> looks;
  for (int i = 0; i < 5; ++i) {
    loop.Post([&] {
      looks.push_back(look->count);
      Work(loop, 2 * PosixLoop::kLookInterval);
    });
  }
  ASSERT_TRUE(
      loop.RunUntil([&] { return looks.size() == 5; }, absl::Seconds(10)));
  EXPECT_THAT(looks, testing::ElementsAre(1, 2, 3, 4, 5));
}

TEST(FirstLookTest, ShortHandlersShareOneAndWhatIsGoneHasNone) {
  PosixLoop loop;
  const auto stays = std::make_shared<CountedLook>();
  auto goes = std::make_shared<CountedLook>();
  loop.LookFirst(goes);
  loop.LookFirst(stays);
  goes.reset();
  int handlers = 0;
  for (int i = 0; i < 1000; ++i) loop.Post([&] { ++handlers; });
  const absl::Time began = loop.Now();
  ASSERT_TRUE(
      loop.RunUntil([&] { return handlers == 1000; }, absl::Seconds(10)));
  EXPECT_GE(stays->count, 1);
  EXPECT_LE(stays->count, 2 + (loop.Now() - began) / PosixLoop::kLookInterval);
}

// The processor time of this thread.
absl::Duration ProcessorTime() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

// Uses `duration` of a processor, however long that takes.
void UseProcessor(absl::Duration duration) {
  const absl::Duration end = ProcessorTime() + duration;
  while (ProcessorTime() < end) {
  }
}

class TurnTest : public testing::Test {
 protected:
  // Runs `task` as one turn, after all that was posted before.
  void RunTurn(absl::AnyInvocable<void()> task) {
    bool done = false;
    loop_.Post([&] {
      task();
      done = true;
    });
    ASSERT_TRUE(loop_.RunUntil([&] { return done; }, absl::Seconds(30)));
  }
  const Turn& longest() const { return *loop_.turns().longest(); }

  PosixLoop loop_;
};

TEST_F(TurnTest, WorkIsMeasuredWithItsCause) {
  RunTurn([&] {
    const TurnCause cause(&loop_, "works");
    UseProcessor(absl::Milliseconds(20));
  });
  EXPECT_EQ(longest().cause, "works");
  EXPECT_GE(longest().length, absl::Milliseconds(20));
  EXPECT_GE(longest().processor, absl::Milliseconds(20));
  EXPECT_LE(longest().processor, longest().length);
  EXPECT_EQ(loop_.turns().lengths().counts[0], 0u);
  EXPECT_GE(loop_.turns().lengths().sum, absl::Milliseconds(20));
}

TEST_F(TurnTest, SleepHasALengthAndNoProcessorTime) {
  RunTurn([] { absl::SleepFor(absl::Milliseconds(30)); });
  EXPECT_EQ(longest().cause, "runs a posted task");
  EXPECT_GE(longest().length, absl::Milliseconds(30));
  EXPECT_LT(longest().processor, absl::Milliseconds(10));
}

TEST_F(TurnTest, ATurnIsNotChargedWithThoseBefore) {
  for (int n = 0; n < 500; ++n) {
    loop_.Post([] { UseProcessor(absl::Microseconds(100)); });
  }
  RunTurn([] { absl::SleepFor(absl::Milliseconds(100)); });
  EXPECT_GE(longest().length, absl::Milliseconds(100));
  EXPECT_LT(longest().processor, absl::Milliseconds(10));
}

TEST(BusyPollTest, ATurnIsNotChargedWithWhatTheLoopSpins) {
  PosixLoop loop({.busy_poll = absl::InfiniteDuration()});
  const auto timer = loop.NewTimer([&] {
    absl::SleepFor(absl::Milliseconds(60));
    loop.Stop();
  });
  timer->Arm(loop.Now() + absl::Milliseconds(50));
  loop.Run();
  EXPECT_EQ(loop.turns().longest()->cause, "runs a timer");
  EXPECT_LT(loop.turns().longest()->processor, absl::Milliseconds(20));
}

// Every kind of handler is a turn, and no time between two counts.
class HandlerTest : public TurnTest {
 protected:
  // Runs until `done_`, which what is tested sets after it took its time.
  void ExpectLongest(std::string_view cause) {
    ASSERT_TRUE(loop_.RunUntil([&] { return done_; }, absl::Seconds(30)));
    EXPECT_EQ(longest().cause, cause);
    EXPECT_GE(longest().length, absl::Milliseconds(20));
  }
  void TakeTime() {
    absl::SleepFor(absl::Milliseconds(20));
    done_ = true;
  }

  bool done_ = false;
};

TEST_F(HandlerTest, Timer) {
  const auto timer = loop_.NewTimer([&] { TakeTime(); });
  timer->Arm(loop_.Now() + absl::Milliseconds(100));
  ExpectLongest("runs a timer");
  EXPECT_LT(longest().length, absl::Milliseconds(100));
}

TEST_F(HandlerTest, Datagrams) {
  const auto socket = *UdpTransport::Create(&loop_, kLoopback);
  socket->SetReceiver([&](const auto&, const auto&) { TakeTime(); });
  ASSERT_THAT(socket->Send(socket->local(), std::vector<uint8_t>{1}), IsOk());
  ExpectLongest("takes datagrams");
}

class StreamTurnTest : public HandlerTest {
 protected:
  void Connect(StreamTransport::OnConnected on_connected) {
    transport_->Connect(transport_->local(), absl::InfiniteFuture(),
                        std::move(on_connected));
  }

  const std::unique_ptr<TcpTransport> transport_ =
      *TcpTransport::Create(&loop_, kLoopback);
  std::unique_ptr<Stream> theirs_;
  std::unique_ptr<Stream> ours_;
};

TEST_F(StreamTurnTest, Accept) {
  transport_->SetAcceptor([&](auto) { TakeTime(); });
  Connect([](auto) {});
  ExpectLongest("accepts a stream");
}

TEST_F(StreamTurnTest, Open) {
  Connect([&](auto) { TakeTime(); });
  ExpectLongest("opens a stream");
}

TEST_F(StreamTurnTest, Read) {
  transport_->SetAcceptor([&](std::unique_ptr<Stream> stream) {
    theirs_ = std::move(stream);
    theirs_->Receive([&](const auto&) { TakeTime(); }, [](const auto&) {});
  });
  Connect([&](absl::StatusOr<std::unique_ptr<Stream>> stream) {
    ours_ = *std::move(stream);
    EXPECT_THAT(ours_->Send(std::vector<uint8_t>{1}), IsOk());
  });
  ExpectLongest("reads a stream");
}

}  // namespace
}  // namespace lb::io
