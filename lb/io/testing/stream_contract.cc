// What every StreamTransport and Stream does.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/testing/io_contract.h"

namespace lb::io {
namespace {

using testing::ElementsAre;

std::vector<uint8_t> Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

TEST_P(StreamContractTest, ConnectedEndsKnowEachOther) {
  ConnectPair();
  EXPECT_EQ(client_.stream->remote(), harness_->second().streams->local());
  EXPECT_EQ(server_.stream->remote().address,
            harness_->first().streams->local().address);
  EXPECT_EQ(client_.stream->local(), server_.stream->remote());
  EXPECT_EQ(server_.stream->local(), client_.stream->remote());
}

TEST_P(StreamContractTest, UnacknowledgedBytesAreThoseThatDidNotArrive) {
  ConnectPairSilently();
  EXPECT_EQ(client_.stream->unacknowledged(), 0u);
  EXPECT_THAT(client_.stream->Send(Bytes("hello")), IsOk());
  EXPECT_EQ(client_.stream->unacknowledged(), 5u);
  // The peer's host has them, though the peer does not read.
  ASSERT_TRUE(
      RunUntil([this] { return client_.stream->unacknowledged() == 0; }));
  // More than any host takes for a peer that does not read.
  EXPECT_THAT(client_.stream->Send(std::vector<uint8_t>(20 << 20)), IsOk());
  RunFor(absl::Milliseconds(50));
  EXPECT_GT(client_.stream->unacknowledged(), size_t{1} << 20);
  server_.Receive();
  ASSERT_TRUE(
      RunUntil([this] { return client_.stream->unacknowledged() == 0; }));
}

TEST_P(StreamContractTest, EchoAndOrderlyEnd) {
  ConnectPair();
  EXPECT_THAT(client_.stream->Send(Bytes("hello ")), IsOk());
  EXPECT_THAT(client_.stream->Send(Bytes("world")), IsOk());
  EXPECT_THAT(client_.stream->Send({}), IsOk());
  client_.stream->FinishSending();
  EXPECT_TRUE(server_.received.empty());  // Never from within the call.
  ASSERT_TRUE(RunUntil([this] { return server_.closed.has_value(); }));
  EXPECT_THAT(*server_.closed, IsOk());
  EXPECT_EQ(server_.received, "hello world");

  // The other direction is still open.
  EXPECT_THAT(server_.stream->Send(Bytes(server_.received)), IsOk());
  server_.stream->FinishSending();
  ASSERT_TRUE(RunUntil([this] { return client_.closed.has_value(); }));
  EXPECT_THAT(*client_.closed, IsOk());
  EXPECT_EQ(client_.received, "hello world");
}

TEST_P(StreamContractTest, BytesWaitForTheReader) {
  ConnectPairSilently();
  EXPECT_THAT(client_.stream->Send(Bytes("early")), IsOk());
  client_.stream->FinishSending();
  RunFor(absl::Milliseconds(20));
  server_.Receive();
  EXPECT_TRUE(server_.received.empty());
  ASSERT_TRUE(RunUntil([this] { return server_.closed.has_value(); }));
  EXPECT_EQ(server_.received, "early");
}

TEST_P(StreamContractTest, FiveMegabytesArriveWhole) {
  ConnectPair();
  std::string sent(5 << 20, '\0');
  for (size_t n = 0; n < sent.size(); ++n) sent[n] = static_cast<char>(n * n);
  EXPECT_THAT(client_.stream->Send(Bytes(sent)), IsOk());
  client_.stream->FinishSending();
  ASSERT_TRUE(RunUntil([this] { return server_.closed.has_value(); }));
  EXPECT_TRUE(server_.received == sent);
}

TEST_P(StreamContractTest, FinishedStreamsMayBeDestroyedAtOnce) {
  ConnectPair();
  const std::string sent(5 << 20, 'x');
  EXPECT_THAT(client_.stream->Send(Bytes(sent)), IsOk());
  client_.stream->FinishSending();
  client_.stream.reset();
  ASSERT_TRUE(RunUntil([this] { return server_.closed.has_value(); }));
  EXPECT_THAT(*server_.closed, IsOk());
  EXPECT_EQ(server_.received.size(), sent.size());
}

TEST_P(StreamContractTest, DestroyingAnUnfinishedStreamResetsIt) {
  ConnectPair();
  client_.stream.reset();
  ASSERT_TRUE(RunUntil([this] { return server_.closed.has_value(); }));
  EXPECT_THAT(*server_.closed, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(server_.stream->Send(Bytes("x")),
              StatusIs(absl::StatusCode::kUnavailable));
  server_.stream->FinishSending();
  RunFor(absl::Milliseconds(5));
  EXPECT_FALSE(client_.closed.has_value());
}

TEST_P(StreamContractTest, AStreamMayDestroyItselfWhenBytesCome) {
  ConnectPairSilently();
  int calls = 0;
  const auto count = std::make_shared<int>(0);
  server_.stream->Receive(
      [&, count](auto) {
        server_.stream.reset();
        ++*count;  // The callback outlives the stream while it runs.
        ++calls;
      },
      [&](auto) { ++calls; });
  client_.Receive();
  EXPECT_THAT(client_.stream->Send(Bytes("x")), IsOk());
  ASSERT_TRUE(RunUntil([this] { return client_.closed.has_value(); }));
  EXPECT_THAT(*client_.closed, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(calls, 1);
  RunPosted();
  EXPECT_EQ(count.use_count(), 1);
}

TEST_P(StreamContractTest, AStreamMayDestroyItselfWhenClosed) {
  ConnectPairSilently();
  bool closed = false;
  server_.stream->Receive([](auto) {},
                          [&](auto reason) {
                            EXPECT_THAT(reason, IsOk());
                            server_.stream.reset();
                            closed = true;
                          });
  client_.stream->FinishSending();
  ASSERT_TRUE(RunUntil([&] { return closed; }));
}

TEST_P(StreamContractTest, CallbacksAreReleasedAfterTheEnd) {
  ConnectPairSilently();
  const auto kept = std::make_shared<int>();
  bool closed = false;
  server_.stream->Receive([kept](auto) {},
                          [kept, &closed](auto) { closed = true; });
  client_.stream->FinishSending();
  ASSERT_TRUE(RunUntil([&] { return closed; }));
  RunPosted();
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_P(StreamContractTest, TheSendQueueIsBounded) {
  ConnectPairSilently();  // No side reads.
  const std::vector<uint8_t> block(1 << 20);
  absl::Status status;
  size_t queued = 0;
  while (status.ok() && queued <= 2 * kStreamSendQueueMax) {
    status = client_.stream->Send(block);
    if (status.ok()) queued += block.size();
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(queued, kStreamSendQueueMax);
  server_.Receive();
  ASSERT_TRUE(RunUntil([&] { return server_.received.size() == queued; }));
  EXPECT_THAT(client_.stream->Send(block), IsOk());
}

TEST_P(StreamContractTest, AClosedPortRefuses) {
  std::vector<absl::StatusCode> answers;
  harness_->first().streams->Connect(
      harness_->closed_port(), loop()->Now() + absl::Seconds(5), [&](auto got) {
        EXPECT_TRUE(IsRefused(got.status()));
        answers.push_back(got.status().code());
      });
  EXPECT_TRUE(answers.empty());  // Never from within the call.
  ASSERT_TRUE(RunUntil([&] { return !answers.empty(); }));
  RunFor(absl::Milliseconds(5));
  EXPECT_THAT(answers, ElementsAre(absl::StatusCode::kUnavailable));
}

TEST_P(StreamContractTest, ADeadlineThatPassedAnswersOnce) {
  std::vector<absl::StatusCode> answers;
  harness_->second().streams->SetAcceptor([](auto) {});
  harness_->first().streams->Connect(harness_->second().streams->local(),
                                     loop()->Now() - absl::Seconds(1),
                                     [&](auto got) {
                                       EXPECT_FALSE(IsRefused(got.status()));
                                       answers.push_back(got.status().code());
                                     });
  EXPECT_TRUE(answers.empty());
  ASSERT_TRUE(RunUntil([&] { return !answers.empty(); }));
  RunFor(absl::Milliseconds(20));
  EXPECT_THAT(answers, ElementsAre(absl::StatusCode::kDeadlineExceeded));
}

TEST_P(StreamContractTest, WithoutAnAcceptorConnectionsEnd) {
  bool ended = false;
  std::unique_ptr<Stream> stream;
  harness_->first().streams->Connect(
      harness_->second().streams->local(), loop()->Now() + absl::Seconds(5),
      [&](absl::StatusOr<std::unique_ptr<Stream>> got) {
        ended = !got.ok();
        if (ended) return;
        stream = *std::move(got);
        stream->Receive([](auto) {}, [&](auto) { ended = true; });
      });
  ASSERT_TRUE(RunUntil([&] { return ended; }));
}

}  // namespace

void StreamContractTest::End::Receive() {
  stream->Receive(
      [this](absl::Span<const uint8_t> bytes) {
        received.append(bytes.begin(), bytes.end());
      },
      [this](absl::Status reason) {
        EXPECT_FALSE(closed.has_value());
        closed = std::move(reason);
      });
}

void StreamContractTest::ConnectPair() {
  ConnectPairSilently();
  client_.Receive();
  server_.Receive();
}

void StreamContractTest::ConnectPairSilently() {
  StreamTransport* listener = harness_->second().streams;
  listener->SetAcceptor([this](std::unique_ptr<Stream> stream) {
    server_.stream = std::move(stream);
  });
  harness_->first().streams->Connect(
      listener->local(), loop()->Now() + absl::Seconds(5), [this](auto got) {
        ASSERT_THAT(got, IsOk());
        client_.stream = *std::move(got);
      });
  ASSERT_TRUE(RunUntil([this] {
    return client_.stream != nullptr && server_.stream != nullptr;
  }));
}

}  // namespace lb::io
