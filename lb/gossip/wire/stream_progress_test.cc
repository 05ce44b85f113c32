#include "lb/gossip/wire/stream_progress.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/testing/vectors.h"

namespace lb::gossip::wire {
namespace {

constexpr uint8_t kNil = 0xc0;
constexpr uint8_t kNoValue = 0xc1;  // No value begins so.

Bytes PushPullHead(const PushPullHeader& header) {
  Bytes bytes = {static_cast<uint8_t>(MessageType::kPushPull)};
  const Bytes body = SerializePushPullHeader(header);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

TEST(StreamProgressTest, EndsWithTheLastByteOfEveryKind) {
  const StreamMessage state = PushPull{
      .nodes = {{.node = Share({.name = "a", .meta = Bytes(300, 'm')})},
                {.node = Share({.name = "b"})}},
      .user_state = Bytes(100, kNoValue)};
  std::vector<Bytes> messages = {Compress(Bytes(5000, 'x'))};
  for (const StreamMessage& message :
       {state, StreamMessage(Ping{.sequence = 1, .node = "b"}),
        StreamMessage(Ack{.sequence = 1, .payload = Bytes{1, 2}}),
        StreamMessage(Error{"no"}), StreamMessage(PushPull{}),
        StreamMessage(User{.payload = Bytes(300, kNoValue)})}) {
    messages.push_back(SerializeStreamMessage(message));
  }
  // Unknown fields, with containers in them.
  messages.push_back(FromHex("0181a17893810291c0c0c0"));
  for (const Bytes& message : messages) {
    SCOPED_TRACE(static_cast<int>(message.front()));
    StreamProgress progress;
    for (size_t size = 0; size < message.size(); ++size) {
      EXPECT_FALSE(progress.IsWhole(absl::MakeConstSpan(message).first(size)))
          << size << " of " << message.size();
    }
    EXPECT_TRUE(progress.IsWhole(message));
    EXPECT_TRUE(StreamProgress().IsWhole(message));
  }
}

// A peer that sent 5 MB held the loop for 0.3 s: all that had come was looked
// at again with each piece. Here what was looked at is spoilt at once.
TEST(StreamProgressTest, LooksAtEachByteOnce) {
  constexpr size_t kPiece = 1000;
  constexpr size_t kPieces = 100;
  Bytes stream = PushPullHead(
      {.nodes = kPiece * kPieces / 2, .user_state_size = kPiece * kPieces / 2});
  const size_t head = stream.size();
  const Codec codec({}, {}, CountingNonce);
  StreamProgress progress;
  const auto decode = [&] {
    return codec.DecodeStream(stream, Codec::Direction::kResponse, &progress)
        .status()
        .code();
  };
  EXPECT_EQ(decode(), absl::StatusCode::kUnavailable);
  for (size_t n = 1; n <= kPieces; ++n) {
    std::fill(stream.begin() + static_cast<ptrdiff_t>(head), stream.end(),
              kNoValue);
    stream.resize(head + n * kPiece, kNil);
    EXPECT_EQ(decode(), n < kPieces ? absl::StatusCode::kUnavailable
                                    : absl::StatusCode::kInvalidArgument)
        << n;
  }
}

// So does a single value without an end.
TEST(StreamProgressTest, LooksOnceIntoAContainer) {
  Bytes stream = PushPullHead({.nodes = 1});
  for (const uint8_t byte : FromHex("dd00010000")) stream.push_back(byte);
  const size_t head = stream.size();
  StreamProgress progress;
  for (size_t n = 1; n <= 64; ++n) {
    EXPECT_FALSE(progress.IsWhole(stream)) << n;
    std::fill(stream.begin() + static_cast<ptrdiff_t>(head), stream.end(),
              kNoValue);
    stream.resize(head + n * 1024, kNil);
  }
  EXPECT_TRUE(progress.IsWhole(stream));
}

TEST(StreamProgressTest, DoesNotWaitForWhatCannotBeRead) {
  for (const std::string hex : {
           "06c1",                // No value.
           "0681a54e6f6465732c",  // Nodes: 44, and then ...
       }) {
    Bytes stream = FromHex(hex);
    stream.push_back(kNoValue);
    StreamProgress progress;
    EXPECT_TRUE(progress.IsWhole(stream)) << hex;
    EXPECT_TRUE(progress.IsWhole(stream)) << hex;
    EXPECT_FALSE(absl::IsUnavailable(ParseStreamMessage(stream).status()));
  }
  EXPECT_TRUE(
      StreamProgress().IsWhole(PushPullHead({.nodes = kPushPullNodesMax + 1})));
}

}  // namespace
}  // namespace lb::gossip::wire
