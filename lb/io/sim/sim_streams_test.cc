// What TCP does when hosts and paths fail; see the contract suite for the rest.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"

namespace lb::io {
namespace {

struct End {
  std::unique_ptr<Stream> stream;
  std::string received;
  std::optional<absl::Status> closed;
};

class SimStreamsTest : public testing::Test {
 protected:
  void Connect(absl::Duration limit) {
    n2_->environment().streams->SetAcceptor(
        [this](std::unique_ptr<Stream> stream) {
          Receive(server_, std::move(stream));
        });
    n1_->environment().streams->Connect(
        n2_->endpoint(), world_.loop().Now() + limit,
        [this](absl::StatusOr<std::unique_ptr<Stream>> got) {
          connected_ = got.status();
          if (got.ok()) Receive(client_, *std::move(got));
        });
  }
  void Receive(End& end, std::unique_ptr<Stream> stream) {
    end.stream = std::move(stream);
    end.stream->Receive(
        [&end](absl::Span<const uint8_t> bytes) {
          end.received.append(bytes.begin(), bytes.end());
        },
        [&end](absl::Status reason) { end.closed = std::move(reason); });
  }
  void ConnectNow() {
    Connect(absl::Seconds(5));
    RunFor(absl::Seconds(1));
    ASSERT_NE(client_.stream, nullptr);
    ASSERT_NE(server_.stream, nullptr);
  }
  void SendHello() {
    const std::string hello = "hello";
    EXPECT_THAT(
        client_.stream->Send(std::vector<uint8_t>(hello.begin(), hello.end())),
        IsOk());
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  SimWorld world_{/*seed=*/1};
  SimHost* const n1_ = world_.AddHost("n1", "10.0.0.1/24");
  SimHost* const n2_ = world_.AddHost("n2", "10.0.0.2/24");
  End client_;
  End server_;
  std::optional<absl::Status> connected_;
};

TEST_F(SimStreamsTest, ConnectingToADeadHostMeetsItsDeadline) {
  n2_->Crash();
  Connect(absl::Seconds(3));
  RunFor(absl::Milliseconds(2999));
  EXPECT_FALSE(connected_.has_value());
  RunFor(absl::Milliseconds(1));
  ASSERT_TRUE(connected_.has_value());
  EXPECT_THAT(*connected_, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(SimStreamsTest, ConnectingToAHostWithoutItsNodeIsRefused) {
  n2_->Kill();
  Connect(absl::Seconds(3));
  RunFor(absl::Milliseconds(10));
  ASSERT_TRUE(connected_.has_value());
  EXPECT_THAT(*connected_, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SimStreamsTest, ConnectingGoesOnWhenThePathHeals) {
  world_.Partition({n1_}, {n2_});
  Connect(absl::Seconds(10));
  RunFor(absl::Seconds(2));
  world_.Heal();
  RunFor(absl::Seconds(5));
  ASSERT_TRUE(connected_.has_value());
  EXPECT_THAT(*connected_, IsOk());
}

TEST_F(SimStreamsTest, BytesSurviveLossAndAShortPartition) {
  world_.network().paths().SetDefault({.loss_percent = 30});
  ConnectNow();
  for (int n = 0; n < 100; ++n) SendHello();
  world_.Partition({n1_}, {n2_});
  RunFor(absl::Seconds(5));
  EXPECT_FALSE(client_.closed.has_value());
  world_.Heal();
  client_.stream->FinishSending();
  RunFor(absl::Seconds(120));
  EXPECT_EQ(server_.received.size(), 500u);
  ASSERT_TRUE(server_.closed.has_value());
  EXPECT_THAT(*server_.closed, IsOk());
}

TEST_F(SimStreamsTest, ALongPartitionEndsTheSender) {
  ConnectNow();
  world_.Partition({n1_}, {n2_});
  SendHello();
  RunFor(kStreamTimeout + absl::Seconds(10));
  ASSERT_TRUE(client_.closed.has_value());
  EXPECT_THAT(*client_.closed, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(server_.closed.has_value());  // It had nothing to send.
}

TEST_F(SimStreamsTest, WhatArrivesAfterTheEndIsAnsweredByAReset) {
  ConnectNow();
  world_.Partition({n1_}, {n2_});
  SendHello();
  RunFor(absl::Seconds(10));
  const std::vector<uint8_t> late(5);
  EXPECT_THAT(server_.stream->Send(late), IsOk());
  RunFor(absl::Seconds(10));
  ASSERT_TRUE(client_.closed.has_value());
  EXPECT_FALSE(server_.closed.has_value());
  world_.Heal();
  RunFor(absl::Seconds(10));
  EXPECT_EQ(client_.received, "");
  ASSERT_TRUE(server_.closed.has_value());
  EXPECT_THAT(*server_.closed, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SimStreamsTest, ACrashedPeerIsNoticedByItsResetAfterRestart) {
  ConnectNow();
  n2_->Crash();
  EXPECT_THAT(server_.stream->Send(std::vector<uint8_t>(1)),
              StatusIs(absl::StatusCode::kUnavailable));
  server_.stream->FinishSending();
  SendHello();
  RunFor(absl::Seconds(2));
  EXPECT_FALSE(client_.closed.has_value());
  n2_->Restart();
  RunFor(absl::Seconds(5));
  ASSERT_TRUE(client_.closed.has_value());
  EXPECT_THAT(*client_.closed, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(server_.closed.has_value());
}

TEST_F(SimStreamsTest, AKilledPeerEndsInOrderAndThenResets) {
  ConnectNow();
  n2_->Kill();
  RunFor(absl::Seconds(1));
  ASSERT_TRUE(client_.closed.has_value());
  EXPECT_THAT(*client_.closed, IsOk());
  EXPECT_FALSE(server_.closed.has_value());
  SendHello();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(client_.stream->Send(std::vector<uint8_t>(1)),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SimStreamsTest, ADialOfAProcessThatWasStoppedMeetsItsDeadline) {
  world_.Partition({n1_}, {n2_});
  Connect(absl::Seconds(2));
  RunFor(absl::Milliseconds(500));
  n1_->Pause();
  RunFor(absl::Seconds(5));
  n1_->Resume();
  RunFor(absl::Seconds(1));
  ASSERT_TRUE(connected_.has_value());
  EXPECT_THAT(*connected_, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(SimStreamsTest, LastBytesArriveThoughThePeerSendsOn) {
  ConnectNow();
  SendHello();
  client_.stream->FinishSending();
  client_.stream.reset();
  EXPECT_THAT(server_.stream->Send(std::vector<uint8_t>(1)), IsOk());
  RunFor(absl::Milliseconds(50));
  EXPECT_THAT(server_.stream->Send(std::vector<uint8_t>(1)), IsOk());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(server_.received, "hello");
  ASSERT_TRUE(server_.closed.has_value());
  EXPECT_THAT(*server_.closed, IsOk());
}

TEST_F(SimStreamsTest, APausedPeerStillAcceptsAndReadsLater) {
  n2_->environment();
  Connect(absl::Seconds(5));
  n2_->Pause();
  RunFor(absl::Seconds(1));
  ASSERT_NE(client_.stream, nullptr);
  EXPECT_EQ(server_.stream, nullptr);
  SendHello();
  RunFor(absl::Seconds(30));
  n2_->Resume();
  RunFor(absl::Seconds(10));
  EXPECT_EQ(server_.received, "hello");
}

}  // namespace
}  // namespace lb::io
