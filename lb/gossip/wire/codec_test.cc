#include "lb/gossip/wire/codec.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/wire/compound.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/testing/vectors.h"

namespace lb::gossip::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Direction = Codec::Direction;

const Message kNack = Nack{.sequence = 1};
const StreamMessage kPing = Ping{.sequence = 1, .node = "b"};
const Bytes kKey(16, 'k');

Codec MakeCodec(const CodecOptions& options = {},
                const std::vector<Bytes>& keys = {}) {
  Keyring keyring;
  for (const Bytes& key : keys) EXPECT_THAT(keyring.Add(key), IsOk());
  return Codec(options, std::move(keyring), CountingNonce);
}

Bytes NackPacket(const Codec& codec) {
  return codec.EncodePacket({EncodeMessage(kNack)}, Checksum::kNone);
}

MATCHER(HoldsTheNack, "holds one nack and nothing else") {
  return arg.ok() && arg->parts_refused == 0 &&
         arg->messages == std::vector<Message>{kNack};
}

TEST(DecodePacketTest, TakesLayersInAnyNesting) {
  const Codec codec = MakeCodec();
  const Bytes nack = EncodeMessage(kNack);
  EXPECT_THAT(codec.DecodePacket(Compress(MakeCompound({Compress(nack)}))),
              HoldsTheNack());
  EXPECT_THAT(codec.DecodePacket(Compress(Compress(nack))), HoldsTheNack());
  EXPECT_THAT(codec.DecodePacket(MakeCompound({MakeCompound({nack})})),
              HoldsTheNack());
}

TEST(DecodePacketTest, RefusesADamagedPartAlone) {
  const Bytes nack = EncodeMessage(kNack);
  const auto packet = MakeCodec().DecodePacket(
      MakeCompound({nack, {99}, {}, {0x0b, 0xc1}, nack}));
  ASSERT_THAT(packet, IsOk());
  EXPECT_THAT(packet->messages, ElementsAre(kNack, kNack));
  EXPECT_EQ(packet->parts_refused, 3);
}

TEST(DecodePacketTest, CountsThePartsThatAreCutOff) {
  const Bytes nack = EncodeMessage(kNack);
  const Bytes compound = MakeCompound({nack, nack, nack});
  const auto packet = MakeCodec().DecodePacket(
      absl::MakeConstSpan(compound).first(compound.size() - nack.size() - 1));
  ASSERT_THAT(packet, IsOk());
  EXPECT_THAT(packet->messages, SizeIs(1));
  EXPECT_EQ(packet->parts_refused, 2);
}

TEST(DecodePacketTest, IsAnErrorWhereNothingCanBeRead) {
  const Codec codec = MakeCodec();
  for (const std::string_view hex :
       {"", "63", "0b", "0700", "0701", "070100050b", "0c0000", "0c00000000",
        "0c0000000081", "0a0000000100", "0680", "09", "0981a3427566a0",
        "0982a4416c676f01a3427566a3000302", "f4", "f400", "f405626c"}) {
    SCOPED_TRACE(hex);
    EXPECT_THAT(codec.DecodePacket(FromHex(hex)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(DecodePacketTest, KnowsAChecksumOnlyOutermost) {
  const Codec codec = MakeCodec();
  const Bytes packet =
      codec.EncodePacket({EncodeMessage(kNack)}, Checksum::kCrc32);
  EXPECT_THAT(codec.DecodePacket(packet), HoldsTheNack());
  for (size_t at = 1; at < packet.size(); ++at) {
    Bytes flipped = packet;
    flipped[at] ^= 1;
    EXPECT_THAT(codec.DecodePacket(flipped),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("crc")));
  }
  EXPECT_THAT(
      codec.DecodePacket(MakeCompound({packet})),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("type 12")));
}

TEST(DecodePacketTest, NestsNoDeeperThanItsLimit) {
  Bytes packet = EncodeMessage(kNack);
  for (int n = 0; n < kPacketNestingMax; ++n) packet = MakeCompound({packet});
  EXPECT_THAT(MakeCodec().DecodePacket(packet), HoldsTheNack());
  EXPECT_THAT(MakeCodec().DecodePacket(MakeCompound({packet})),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(DecodePacketTest, HoldsNoMorePartsThanItsLimit) {
  const std::vector<Bytes> nacks(kCompoundPartsMax, EncodeMessage(kNack));
  const std::vector<Bytes> compounds(10, MakeCompound(nacks));
  const auto packet = MakeCodec().DecodePacket(MakeCompound(compounds));
  ASSERT_THAT(packet, IsOk());
  // The inner compound is a part too.
  EXPECT_THAT(packet->messages, SizeIs(kPacketPartsMax - 1));
  EXPECT_EQ(packet->parts_refused, 1);
}

TEST(DecodePacketTest, TakesTheMostThatARealSenderPacks) {
  const std::vector<Bytes> nacks(kCompoundPartsMax, EncodeMessage(kNack));
  const auto packet = MakeCodec().DecodePacket(Compress(MakeCompound(nacks)));
  ASSERT_THAT(packet, IsOk());
  EXPECT_THAT(packet->messages, SizeIs(kCompoundPartsMax));
  EXPECT_EQ(packet->parts_refused, 0);
}

TEST(DecodePacketTest, InflatesNoMoreThanItsLimit) {
  const auto bomb = [](size_t size) {
    Bytes message = EncodeMessage(User{.payload = Bytes(size - 1)});
    return Compress(message);
  };
  EXPECT_THAT(MakeCodec().DecodePacket(bomb(kPacketInflatedMax)), IsOk());
  EXPECT_THAT(MakeCodec().DecodePacket(bomb(kPacketInflatedMax + 1)),
              StatusIs(absl::StatusCode::kResourceExhausted));
  // All of a datagram's parts share it, and a part that fails uses it up.
  const Bytes half = bomb(kPacketInflatedMax / 2 + 1);
  const Bytes nack = EncodeMessage(kNack);
  const auto packet =
      MakeCodec().DecodePacket(MakeCompound({half, half, half, nack}));
  ASSERT_THAT(packet, IsOk());
  EXPECT_THAT(packet->messages, SizeIs(2));
  EXPECT_EQ(packet->parts_refused, 2);
}

TEST(DecodePacketTest, WantsItsOwnLabel) {
  const Codec none = MakeCodec(), blue = MakeCodec({.label = "blue"}),
              red = MakeCodec({.label = "red"});
  EXPECT_THAT(blue.DecodePacket(NackPacket(blue)), HoldsTheNack());
  for (const auto& [codec, other] :
       {std::pair(&none, &blue), {&blue, &none}, {&blue, &red}}) {
    EXPECT_THAT(codec->DecodePacket(NackPacket(*other)),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  const Codec longest = MakeCodec({.label = std::string(255, 'x')});
  EXPECT_THAT(longest.DecodePacket(NackPacket(longest)), HoldsTheNack());
  const Codec skipping =
      MakeCodec({.label = "blue", .skip_inbound_label_check = true});
  EXPECT_THAT(skipping.DecodePacket(NackPacket(none)), HoldsTheNack());
  EXPECT_THAT(skipping.DecodePacket(NackPacket(blue)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(DecodePacketTest, TakesPlaintextOnlyWhereAllowed) {
  const Bytes plain = NackPacket(MakeCodec());
  const Bytes sealed = NackPacket(MakeCodec({}, {kKey}));
  const Codec strict = MakeCodec({}, {kKey});
  EXPECT_THAT(strict.DecodePacket(sealed), HoldsTheNack());
  EXPECT_THAT(strict.DecodePacket(plain),
              StatusIs(absl::StatusCode::kUnauthenticated));
  const Codec lax = MakeCodec({.verify_incoming = false}, {kKey});
  EXPECT_THAT(lax.DecodePacket(sealed), HoldsTheNack());
  EXPECT_THAT(lax.DecodePacket(plain), HoldsTheNack());
  const Codec silent = MakeCodec({.verify_outgoing = false}, {kKey});
  EXPECT_EQ(NackPacket(silent), plain);
  EXPECT_THAT(silent.DecodePacket(sealed), HoldsTheNack());
}

TEST(DecodePacketTest, LosesNothingWhileKeysRotate) {
  const Bytes next(32, 'n');
  Codec a = MakeCodec({}, {kKey}), b = MakeCodec({}, {kKey});
  const auto both_ways = [&] {
    EXPECT_THAT(a.DecodePacket(NackPacket(b)), HoldsTheNack());
    EXPECT_THAT(b.DecodePacket(NackPacket(a)), HoldsTheNack());
  };
  for (Codec* const codec : {&a, &b}) {
    EXPECT_THAT(codec->keyring().Add(next), IsOk());
    both_ways();
  }
  for (Codec* const codec : {&a, &b}) {
    EXPECT_THAT(codec->keyring().Use(next), IsOk());
    both_ways();
  }
  for (Codec* const codec : {&a, &b}) {
    EXPECT_THAT(codec->keyring().Remove(kKey), IsOk());
    both_ways();
  }
}

TEST(EncodePacketTest, AddsNoMoreThanItsOverhead) {
  const std::vector<Bytes> messages(3, EncodeMessage(kNack));
  for (const int version : {1, 2}) {
    const CodecOptions options = {
        .label = "blue",
        .compress = false,
        .protocol_version = static_cast<uint8_t>(version)};
    const Codec codec = MakeCodec(options, {kKey});
    const size_t bare = MakeCompound(messages).size();
    const size_t packet = codec.EncodePacket(messages, Checksum::kNone).size();
    EXPECT_LE(packet, bare + codec.packet_overhead());
    EXPECT_GT(packet + 16, bare + codec.packet_overhead());
  }
  EXPECT_EQ(MakeCodec().packet_overhead(), 0u);
  EXPECT_EQ(MakeCodec({.label = "blue"}).packet_overhead(), 6u);
  EXPECT_EQ(MakeCodec({}, {kKey}).packet_overhead(), 29u);
}

TEST(StreamTest, ComesBackThroughEveryCombinationOfLayers) {
  const StreamMessage state = PushPull{
      .nodes = {{.node = Share({.name = "a"})}, {.node = Share({.name = "b"})}},
      .user_state = {1, 2}};
  for (const bool compress : {false, true}) {
    for (const std::string label : {"", "blue"}) {
      for (const bool encrypted : {false, true}) {
        const Codec codec = MakeCodec(
            {.label = label, .compress = compress},
            encrypted ? std::vector<Bytes>{kKey} : std::vector<Bytes>{});
        for (const auto direction :
             {Direction::kRequest, Direction::kResponse}) {
          const Bytes bytes = codec.EncodeStream(state, direction);
          for (size_t size = 0; size < bytes.size(); ++size) {
            const auto cut = absl::MakeConstSpan(bytes).first(size);
            const auto decoded = codec.DecodeStream(cut, direction);
            // A label that has not begun is no label yet.
            EXPECT_THAT(decoded, StatusIs(absl::StatusCode::kUnavailable))
                << size << " of " << bytes.size();
          }
          EXPECT_THAT(codec.DecodeStream(bytes, direction),
                      IsOkAndHolds(state));
        }
      }
    }
  }
}

TEST(StreamTest, CarriesTheLabelInRequestsOnly) {
  const Codec blue = MakeCodec({.label = "blue"});
  const Bytes request = blue.EncodeStream(kPing, Direction::kRequest);
  const Bytes response = blue.EncodeStream(kPing, Direction::kResponse);
  EXPECT_THAT(blue.DecodeStream(request, Direction::kResponse),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(blue.DecodeStream(response, Direction::kRequest),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(StreamTest, SaysAsMemberlistWhyItIsRefused) {
  const Codec plain = MakeCodec(), keyed = MakeCodec({}, {kKey}),
              other = MakeCodec({}, {Bytes(16, 'o')});
  const Bytes open = plain.EncodeStream(kPing, Direction::kRequest);
  const Bytes sealed = keyed.EncodeStream(kPing, Direction::kRequest);
  const struct {
    const Codec& codec;
    const Bytes& bytes;
    std::string message;
  } kCases[] = {
      {plain, sealed,
       "remote state is encrypted and encryption is not configured"},
      {keyed, open,
       "encryption is configured but remote state is not encrypted"},
      {other, sealed, "no installed keys could decrypt the message"},
  };
  for (const auto& test : kCases) {
    EXPECT_THAT(test.codec.DecodeStream(test.bytes, Direction::kRequest),
                StatusIs(absl::StatusCode::kUnauthenticated, test.message));
  }
  const Codec lax = MakeCodec({.verify_incoming = false}, {kKey});
  EXPECT_THAT(lax.DecodeStream(open, Direction::kRequest), IsOkAndHolds(kPing));
}

TEST(StreamTest, RefusesAFrameAboveTheLimitAtItsHeader) {
  const Codec codec = MakeCodec({}, {kKey});
  EXPECT_THAT(codec.DecodeStream(FromHex("0a01400001"), Direction::kResponse),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(codec.DecodeStream(FromHex("0a01400000"), Direction::kResponse),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(StreamTest, RefusesWhatDecompressesAboveTheLimit) {
  const Codec codec = MakeCodec();
  EXPECT_THAT(codec.DecodeStream(Compress(Bytes(kStreamSizeMax + 1)),
                                 Direction::kResponse),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

// What this library sends, its peers take.
TEST(StreamTest, SendsWhatWouldInflateTooMuchAsItIs) {
  const Codec codec = MakeCodec();
  for (const size_t size : {100u, 60'000u, 100'000u, 1u << 20, 20u << 20}) {
    const StreamMessage message = User{.payload = Bytes(size - 20)};
    const Bytes stream = codec.EncodeStream(message, Direction::kRequest);
    EXPECT_THAT(codec.DecodeStream(stream, Direction::kRequest),
                IsOkAndHolds(message))
        << size;
  }
}

TEST(StreamTest, RefusesAStreamThatNeverEnds) {
  // A full exchange whose one node has unknown elements without end.
  Bytes stream = {static_cast<uint8_t>(MessageType::kPushPull)};
  for (const uint8_t byte : SerializePushPullHeader({.nodes = 1})) {
    stream.push_back(byte);
  }
  for (const uint8_t byte : FromHex("ddffffffff")) stream.push_back(byte);
  stream.resize(kStreamSizeMax, 0xc0);
  const Codec codec = MakeCodec();
  EXPECT_THAT(codec.DecodeStream(stream, Direction::kResponse),
              StatusIs(absl::StatusCode::kUnavailable));
  stream.resize(kStreamSizeMax + 1000, 0xc0);
  EXPECT_THAT(codec.DecodeStream(stream, Direction::kResponse),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(StreamTest, DoesNotWaitForMoreInsideACompleteFrame) {
  // Compressed, and the message within is cut short: no more will come.
  const Bytes ping = SerializeStreamMessage(kPing);
  const auto cut = absl::MakeConstSpan(ping).first(ping.size() - 1);
  EXPECT_THAT(MakeCodec().DecodeStream(Compress(cut), Direction::kResponse),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lb::gossip::wire
