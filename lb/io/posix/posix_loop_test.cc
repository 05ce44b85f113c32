// What waits on the loop is served beside a flood.
#include "lb/io/posix/posix_loop.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/posix/udp_transport.h"
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

}  // namespace
}  // namespace lb::io
