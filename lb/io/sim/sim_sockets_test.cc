// The sockets that a node opens on a simulated host, through the host's faults;
// see the contract suite for the rest.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"

namespace lb::io {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SimSocketsTest : public testing::Test {
 protected:
  std::unique_ptr<DatagramTransport> Bind(SimHost* host,
                                          const net::IpAddress& address,
                                          const SocketOptions& options = {}) {
    auto socket = host->environment().datagram_factory->Bind(
        {address, kBfdPort}, options);
    EXPECT_THAT(socket, IsOk());
    return socket.ok() ? *std::move(socket) : nullptr;
  }
  void Hear(DatagramTransport* socket, const std::string& name) {
    socket->SetReceiver(
        [this, name](const net::Endpoint&, auto) { heard_.push_back(name); });
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  static constexpr uint16_t kBfdPort = 3784;

  SimWorld world_{/*seed=*/1};
  SimHost* const n1_ = world_.AddHost("n1", "10.0.0.1/24");
  SimHost* const n2_ = world_.AddHost("n2", "10.0.0.2/24");
  std::vector<std::string> heard_;
  bool timer_looks_ = false;
};

TEST_F(SimSocketsTest, GossipKeepsItsPort) {
  EXPECT_THAT(n1_->environment().datagram_factory->Bind(n1_->endpoint(), {}),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(n1_->environment().stream_factory->Listen(n1_->endpoint(), {}),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SimSocketsTest, AStoppedNodeHearsNothingAndItsNextRunHasThePort) {
  auto socket = Bind(n2_, n2_->address());
  Hear(socket.get(), "old");
  const auto sender = Bind(n1_, n1_->address());
  EXPECT_THAT(sender->Send(socket->local(), {}), IsOk());
  n2_->Crash();
  EXPECT_THAT(socket->Send(n1_->endpoint(), {}),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(
      n2_->environment().datagram_factory->Bind({n2_->address(), 1}, {}),
      StatusIs(absl::StatusCode::kUnavailable));
  Hear(socket.get(), "old");  // Has no effect.
  RunFor(absl::Seconds(1));
  const net::Endpoint at = socket->local();
  socket = nullptr;
  n2_->Restart();
  socket = Bind(n2_, n2_->address());
  Hear(socket.get(), "new");
  EXPECT_THAT(sender->Send(at, {}), IsOk());
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, ElementsAre("new"));
}

TEST_F(SimSocketsTest, AMovedHostIsHeardAtAnyAddressOnly) {
  const auto bound = Bind(n2_, n2_->address());
  Hear(bound.get(), "bound");
  const auto any = n2_->environment().datagram_factory->Bind(
      {net::IpAddress::Ipv4(0), 4784}, {});
  ASSERT_THAT(any, IsOk());
  Hear(any->get(), "any");
  const net::IpPrefix moved = *net::ParseIpPrefix("10.0.0.9/24");
  n2_->Renumber(moved);
  const auto sender = Bind(n1_, n1_->address());
  EXPECT_THAT(sender->Send(bound->local(), {}), IsOk());
  EXPECT_THAT(sender->Send({moved.address, kBfdPort}, {}), IsOk());
  EXPECT_THAT(sender->Send({moved.address, 4784}, {}), IsOk());
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, ElementsAre("any"));
  EXPECT_THAT(bound->Send(n1_->endpoint(), {}),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SimSocketsTest, ADatagramThatTravelledTooFarIsCounted) {
  const auto socket = Bind(n2_, n2_->address(), {.min_ttl = 255});
  const auto sender = Bind(n1_, n1_->address(), {.ttl = 254});
  EXPECT_THAT(sender->Send(socket->local(), {}), IsOk());
  EXPECT_EQ(world_.network().stats().ttl_too_low, 1u);
}

// The worst order that a real loop may have after a stall.
TEST_F(SimSocketsTest, ListenersOfAPausedNodeComeAfterItsTimers) {
  const auto listener = n2_->environment().datagram_factory->BindListener(
      {n2_->address(), kBfdPort}, {});
  ASSERT_THAT(listener, IsOk());
  std::vector<absl::Duration> waits;
  (*listener)->SetReceiver([&](const ArrivedDatagram& datagram) {
    heard_.push_back("datagram");
    waits.push_back(n2_->process().Now() - datagram.at);
  });
  const auto timer = n2_->environment().loop->NewTimer([&] {
    heard_.push_back("timer");
    if (timer_looks_) (*listener)->ReceiveWaiting();
  });
  const auto sender = Bind(n1_, n1_->address());
  const auto stall = [&] {
    heard_.clear();
    n2_->Pause();
    EXPECT_THAT(sender->Send((*listener)->local(), {}), IsOk());
    timer->Arm(world_.loop().Now() + absl::Seconds(1));
    RunFor(absl::Seconds(2));
    n2_->Resume();
    RunFor(absl::Seconds(1));
  };
  stall();
  EXPECT_THAT(heard_, ElementsAre("timer", "datagram"));
  timer_looks_ = true;
  stall();
  EXPECT_THAT(heard_, ElementsAre("timer", "datagram"));
  for (const absl::Duration wait : waits) EXPECT_GT(wait, absl::Seconds(1));
}

TEST_F(SimSocketsTest, WhatWaitsForAKilledNodeIsLost) {
  auto listener = n2_->environment().datagram_factory->BindListener(
      {n2_->address(), kBfdPort}, {});
  ASSERT_THAT(listener, IsOk());
  (*listener)->SetReceiver([&](auto&) { heard_.push_back("datagram"); });
  const auto sender = Bind(n1_, n1_->address());
  n2_->Pause();
  EXPECT_THAT(sender->Send((*listener)->local(), {}), IsOk());
  RunFor(absl::Seconds(1));
  n2_->Kill();
  (*listener)->ReceiveWaiting();
  n2_->Restart();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(SimSocketsTest, AHostsClockMayDrift) {
  Loop* const loop = n1_->environment().loop;
  const absl::Time start = world_.loop().Now();
  EXPECT_EQ(loop->Now(), start);
  n1_->process().SetClockDrift(100'000);  // A tenth too fast.
  absl::Time fired;
  const auto timer = loop->NewTimer([&] { fired = world_.loop().Now(); });
  timer->Arm(loop->Now() + absl::Milliseconds(1100));
  RunFor(absl::Seconds(10));
  EXPECT_LT(fired - start - absl::Seconds(1), absl::Microseconds(1));
  EXPECT_GT(fired - start, absl::Seconds(1));
  EXPECT_NEAR(absl::ToDoubleSeconds(loop->Now() - start), 11, 1e-6);
  n1_->process().SetClockDrift(0);
  RunFor(absl::Seconds(10));
  EXPECT_NEAR(absl::ToDoubleSeconds(loop->Now() - start), 21, 1e-6);
}

TEST_F(SimSocketsTest, AListenerThatIsGoneAcceptsNoMore) {
  auto listener =
      n2_->environment().stream_factory->Listen({n2_->address(), 179}, {});
  ASSERT_THAT(listener, IsOk());
  (*listener)->SetAcceptor([this](auto) { heard_.push_back("accepted"); });
  n2_->Pause();  // Its kernel accepts; it hears of that when it goes on.
  absl::Status answer;
  n1_->environment().streams->Connect(
      (*listener)->local(), world_.loop().Now() + absl::Seconds(5),
      [&](auto stream) { answer = stream.status(); });
  RunFor(absl::Seconds(1));
  EXPECT_THAT(answer, IsOk());
  listener->reset();
  n2_->Resume();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(heard_, IsEmpty());
}

}  // namespace
}  // namespace lb::io
