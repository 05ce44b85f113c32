#include "lb/gossip/wire/message_codec.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/wire/body_writer.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/testing/vectors.h"

namespace lb::gossip::wire {
namespace {

using ::testing::HasSubstr;

const Message kNack5 = Nack{.sequence = 5};

// Nack bodies that a real decoder takes. "SeqNo" is a55365714e6f.
TEST(ParseMessageTest, IsAsTolerantAsTheOriginal) {
  const std::string_view kForms[] = {
      "0b81a55365714e6f05",                      // As written.
      "0bde0001a55365714e6f05",                  // map16.
      "0bdf00000001a55365714e6f05",              // map32.
      "0b81d9055365714e6f05",                    // str8 key.
      "0b81c4055365714e6f05",                    // bin8 key.
      "0b81a55365714e6fcf0000000000000005",      // uint64.
      "0b81a55365714e6fd10005",                  // int16.
      "0b82a55365714e6f05a178c0",                // Unknown key after.
      "0b82a17882a17991a17a01c0a55365714e6f05",  // Nested, before.
      "0b82a17891c3a55365714e6f05",              // Array, before.
      "0b82a55365714e6f04a55365714e6f05",        // Twice: the last counts.
      "0b9105",                                  // As an array.
      "0b9305c0a178",                            // Longer than the struct.
      "0b81a55365714e6f05ffff",                  // Bytes after the map.
  };
  for (const std::string_view form : kForms) {
    SCOPED_TRACE(form);
    EXPECT_THAT(ParseMessage(FromHex(form)), IsOkAndHolds(kNack5));
  }
}

TEST(ParseMessageTest, TakesMissingNilAndMiscasedKeysForZero) {
  const std::string_view kForms[] = {"0b80", "0b81a55365714e6fc0",
                                     "0b81a57365716e6f05", "0b90"};
  for (const std::string_view form : kForms) {
    SCOPED_TRACE(form);
    EXPECT_THAT(ParseMessage(FromHex(form)),
                IsOkAndHolds(Message(Nack{.sequence = 0})));
  }
}

TEST(ParseMessageTest, ReadsArraysInDeclarationOrder) {
  EXPECT_THAT(
      ParseMessage(FromHex("00950aa162a40a00000107a161")),
      IsOkAndHolds(Message(
          Ping{.sequence = 10,
               .node = "b",
               .source = {.address = {10, 0, 0, 1}, .port = 7, .node = "a"}})));
  EXPECT_THAT(ParseMessage(FromHex("049601a161a40a00000107c0a20105")),
              IsOkAndHolds(Message(Alive{.incarnation = 1,
                                         .node = "a",
                                         .address = {10, 0, 0, 1},
                                         .port = 7,
                                         .versions = Bytes{1, 5}})));
  EXPECT_THAT(ParseMessage(FromHex("039301a162a161")),
              IsOkAndHolds(Message(
                  Suspect{.incarnation = 1, .node = "b", .from = "a"})));
}

TEST(ParseMessageTest, NamesTheFieldItRefuses) {
  const struct {
    std::string_view hex;
    std::string_view message;
  } kCases[] = {
      {"0b81a55365714e6fcf0000000100000000",
       "nack: SeqNo: 4294967296, want 0..4294967295"},
      {"0b81a55365714e6fff", "nack: SeqNo: -1, want 0..4294967295"},
      {"0b81a55365714e6fa135", "nack: SeqNo: type 0xa1, want an integer"},
      {"0481a4506f7274ce00010000", "alive: Port: 65536, want 0..65535"},
      {"0481a44e6f646501", "alive: Node: type 0x01, want a string or bytes"},
      {"0481a356736e9101", "alive: Vsn: type 0x91, want a string or bytes"},
      {"0181a44e61636b01", "indirect ping: Nack: type 0x01, want a boolean"},
      {"0b810105", "nack: type 0x01, want a string or bytes"},
      {"0b05", "nack: type 0x05, want a map or an array"},
      {"0bc0", "nack: type 0xc0, want a map or an array"},
      {"0b81a55365714e6f", "nack: SeqNo: cut short"},
      {"0b", "nack: cut short"},
      {"", "message: 0 bytes, want a type"},
      {"0680", "datagram: type 6, want one that it may hold"},
      {"0d80", "datagram: type 13, want one that it may hold"},
      {"63", "datagram: type 99, want one that it may hold"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.hex);
    EXPECT_THAT(ParseMessage(FromHex(test.hex)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         std::string(test.message)));
  }
}

TEST(ParseStreamMessageTest, AsksForMoreUntilAllIsThere) {
  const StreamMessage kMessages[] = {
      PushPull{
          .join = true,
          .nodes = {{.node = Share(
                         {.name = "a", .address = {1, 2, 3, 4}, .port = 5})},
                    {.node = Share({.name = "b"}), .state = NodeState::kLeft}},
          .user_state = {7, 8, 9}},
      PushPull{},
      User{.payload = {1, 2, 3}},
      Error{.message = "no"},
      Ping{.sequence = 1, .node = "a"},
      Ack{.sequence = 1}};
  for (const StreamMessage& message : kMessages) {
    const Bytes bytes = SerializeStreamMessage(message);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_THAT(ParseStreamMessage(absl::MakeConstSpan(bytes).first(size)),
                  StatusIs(absl::StatusCode::kUnavailable))
          << size << " of " << bytes.size();
    }
    EXPECT_THAT(ParseStreamMessage(bytes), IsOkAndHolds(message));
  }
}

Bytes PushPullPromising(uint64_t nodes, uint64_t user_state_size) {
  Bytes bytes = SerializePushPullHeader(
      {.nodes = nodes, .user_state_size = user_state_size});
  bytes.insert(bytes.begin(), static_cast<uint8_t>(MessageType::kPushPull));
  return bytes;
}

TEST(ParseStreamMessageTest, RefusesLengthsAboveTheLimits) {
  EXPECT_THAT(ParseStreamMessage(PushPullPromising(1 << 16, 20 << 20)),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(ParseStreamMessage(PushPullPromising((1 << 16) + 1, 0)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "push/pull: Nodes: 65537, want at most 65536"));
  EXPECT_THAT(ParseStreamMessage(PushPullPromising(0, (20 << 20) + 1)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("UserStateLen")));
  // UserMsgLen.
  EXPECT_THAT(
      ParseStreamMessage(FromHex("0881aa557365724d73674c656ece01400001")),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("UserMsgLen")));
  EXPECT_THAT(ParseStreamMessage(FromHex("0881aa557365724d73674c656eff")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("-1")));
}

TEST(ParseStreamMessageTest, RefusesANodeStateThatDoesNotExist) {
  Bytes bytes = PushPullPromising(1, 0);
  // {State: 4}
  for (const uint8_t byte : FromHex("81a5537461746504")) bytes.push_back(byte);
  EXPECT_THAT(ParseStreamMessage(bytes),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "push/pull: node: State: 4, want 0..3"));
}

TEST(ParseStreamMessageTest, RefusesTypesThatNoStreamHolds) {
  for (const uint8_t type : {1, 3, 4, 5, 7, 9, 10, 11, 12, 14, 244}) {
    EXPECT_THAT(ParseStreamMessage({type, 0x80}),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(ParseCompressedTest, TakesOnlyLzw) {
  Bytes message = {static_cast<uint8_t>(MessageType::kCompress)};
  BodyWriter out(&message);
  out.Map(2);
  out.Raw("Algo");
  out.Unsigned(1);
  out.Raw("Buf");
  out.Raw("x");
  EXPECT_THAT(ParseCompressed(message),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "compress: Algo: 1, want 0 (LZW)"));
}

}  // namespace
}  // namespace lb::gossip::wire
