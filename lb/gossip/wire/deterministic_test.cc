// Every vector of tests/corpus/memberlist/vectors.txt that the original's own
// encoder made from known inputs: ours makes the same bytes of them, and reads
// the same values out of the bytes.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/check.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/crc32.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/lzw.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/testing/vectors.h"

namespace lb::gossip::wire {
namespace {

using ::testing::ElementsAreArray;

const Bytes kVersions = {1, 5, 2, 0, 0, 0};
const Bytes kAddressA = {10, 0, 0, 1};
const Bytes kAddressB = {10, 0, 0, 2};
const Source kSourceA = {.address = kAddressA, .port = 7946, .node = "node-a"};
const Ping kPing = {.sequence = 42, .node = "node-b", .source = kSourceA};
const Suspect kSuspect = {.incarnation = 1, .node = "node-b", .from = "node-a"};

Bytes Text(std::string_view text) { return Bytes(text.begin(), text.end()); }

// What node-a says of itself.
Alive MakeAlive(Bytes address) {
  return {.incarnation = 1,
          .node = "node-a",
          .address = std::move(address),
          .port = 7946,
          .versions = kVersions};
}

User LongUser() {
  User user;
  for (int n = 0; n < 24; ++n) {
    for (const char letter : {'a', 'b', 'c'}) user.payload.push_back(letter);
  }
  return user;
}

PushPull TwoNodes() {
  return {.join = true,
          .nodes = {{.node = Share({.name = "node-a",
                                    .address = kAddressA,
                                    .port = 7946,
                                    .versions = kVersions}),
                     .incarnation = 1},
                    {.node = Share({.name = "node-b",
                                    .address = kAddressB,
                                    .port = 7946,
                                    .meta = Text("m"),
                                    .versions = kVersions}),
                     .incarnation = 3,
                     .state = NodeState::kDead}},
          .user_state = Text("user-state")};
}

// Bare datagram messages.
std::map<std::string, Message, std::less<>> MessageVectors() {
  Alive meta = MakeAlive(kAddressA);
  meta.incarnation = 0xffffffff;
  meta.meta = Text("role=web");
  meta.port = 65535;
  Alive empty_meta = MakeAlive(kAddressA);
  empty_meta.incarnation = 65536;
  empty_meta.meta = Bytes();
  empty_meta.port = 255;
  Alive v6 =
      MakeAlive({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  v6.incarnation = 256;
  Alive no_versions = MakeAlive(kAddressA);
  no_versions.versions = std::nullopt;
  Alive large = MakeAlive(kAddressA);
  large.node = std::string(40, 'n');
  large.meta = Bytes(300, 'Z');
  const IndirectPing indirect = {.sequence = 300,
                                 .target = kAddressB,
                                 .port = 7946,
                                 .node = "node-b",
                                 .nack = true,
                                 .source = kSourceA};
  IndirectPing no_source = indirect;
  no_source.nack = false;
  no_source.source = {};
  return {
      {"ping_full", kPing},
      {"ping_min", Ping{.sequence = 42, .node = "node-b"}},
      {"indirect_ping", indirect},
      {"indirect_ping_nosrc", no_source},
      {"ack_nil", Ack{.sequence = 42}},
      {"ack_payload", Ack{.sequence = 70000, .payload = Text("hello")}},
      {"ack_emptypayload", Ack{.sequence = 128, .payload = Bytes()}},
      {"nack", Nack{.sequence = 255}},
      {"suspect", kSuspect},
      {"alive_v4_nilmeta", MakeAlive(kAddressA)},
      {"alive_v4_meta", meta},
      {"alive_v4_emptymeta", empty_meta},
      {"alive_v6", v6},
      {"alive_mapped",
       MakeAlive({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1})},
      {"alive_novsn", no_versions},
      {"alive_name40_meta300", large},
      {"dead", Dead{.incarnation = 2, .node = "node-b", .from = "node-a"}},
      {"dead_leave",
       Dead{.incarnation = 2, .node = "node-b", .from = "node-b"}},
      {"user_udp", User{.payload = Text("hello user")}},
      {"user_long", LongUser()},
  };
}

struct PacketVector {
  std::vector<Message> messages;
  CodecOptions options;
  std::string key;
  Checksum checksum = Checksum::kNone;
};

constexpr std::string_view kKey16 = "0123456789abcdef";

std::map<std::string, PacketVector, std::less<>> PacketVectors() {
  const CodecOptions plain = {.compress = false};
  const CodecOptions padded = {.compress = false, .protocol_version = 1};
  const CodecOptions blue = {.label = "blue", .compress = false};
  const std::string key16(kKey16);
  return {
      {"compound2_ping_alive", {{kPing, MakeAlive(kAddressA)}, plain}},
      {"compound2_ping_suspect", {{kPing, kSuspect}, plain}},
      {"compress_user_long", {{LongUser()}, {}}},
      {"crc_alive", {{MakeAlive(kAddressA)}, plain, "", Checksum::kCrc32}},
      {"crc_compress_user_long", {{LongUser()}, {}, "", Checksum::kCrc32}},
      {"enc_v1_ping_key16", {{kPing}, plain, key16}},
      {"enc_v0_ping_key16", {{kPing}, padded, key16}},
      {"enc_v1_crc_alive_key16",
       {{MakeAlive(kAddressA)}, plain, key16, Checksum::kCrc32}},
      {"enc_v1_ping_key32", {{kPing}, plain, key16 + key16}},
      {"enc_v1_ping_key24", {{kPing}, plain, key16 + key16.substr(0, 8)}},
      {"enc_v0_exact16",
       {{User{.payload = Text("fifteen-bytes!!")}}, padded, key16}},
      {"labelhdr_blue_ping", {{kPing}, blue}},
      {"label_enc_v1_ping", {{kPing}, blue, key16}},
  };
}

struct StreamVector {
  StreamMessage message;
  CodecOptions options = {.compress = false};
  std::string key;
  Codec::Direction direction = Codec::Direction::kRequest;
};

std::map<std::string, StreamVector, std::less<>> StreamVectors() {
  const std::string key16(kKey16);
  return {
      {"err",
       {Error{"remote state is encrypted and encryption is not configured"}}},
      {"pushpull_2nodes_plain", {TwoNodes()}},
      {"usermsg_stream_plain", {User{.payload = Text("hello")}}},
      {"stream_enc_v1_pushpull", {TwoNodes(), {.compress = false}, key16}},
      {"stream_enc_v0_pushpull",
       {TwoNodes(), {.compress = false, .protocol_version = 1}, key16}},
      {"stream_enc_v1_pushpull_labelblue_body",
       {TwoNodes(),
        {.label = "blue", .compress = false},
        key16,
        Codec::Direction::kResponse}},
  };
}

Codec MakeCodec(const CodecOptions& options, std::string_view key) {
  Keyring keyring;
  if (!key.empty()) LB_CHECK(keyring.Add(Text(key)).ok());
  return Codec(options, std::move(keyring), CountingNonce);
}

// Compress messages and the bytes that were compressed.
std::map<std::string, Bytes, std::less<>> CompressVectors() {
  Bytes random;
  for (uint32_t x = 12345; random.size() < 20000;) {
    x = x * 1664525 + 1013904223;
    random.push_back(static_cast<uint8_t>(x >> 28));
  }
  EXPECT_EQ(Crc32(random), 0xf60194e4u);
  return {{"lzw_empty", {}},
          {"lzw_one_00", {0}},
          {"lzw_ten_a", Bytes(10, 'a')},
          {"lzw_lcg20000", random},
          {"compress_alive", EncodeMessage(MakeAlive(kAddressA))}};
}

// "FIRST..LAST crc32 SUM", or all of it.
void ExpectHex(const Bytes& bytes, const std::string& wanted) {
  const std::string hex = ToHex(bytes);
  const size_t gap = wanted.find("..");
  if (gap == std::string::npos) {
    EXPECT_EQ(hex, wanted);
    return;
  }
  const size_t space = wanted.find(' ');
  EXPECT_TRUE(hex.starts_with(wanted.substr(0, gap)));
  EXPECT_TRUE(hex.ends_with(wanted.substr(gap + 2, space - gap - 2)));
  EXPECT_EQ(fmt::format(" crc32 {:08x}", Crc32(bytes)), wanted.substr(space));
}

// Each returns false if the vector is not of its kind.
bool CheckMessage(const std::string& name, const Vector& vector) {
  static const auto messages = MessageVectors();
  const auto found = messages.find(name);
  if (found == messages.end()) return false;
  ExpectHex(EncodeMessage(found->second), vector.hex);
  EXPECT_THAT(ParseMessage(FromHex(vector.hex)), IsOkAndHolds(found->second));
  return true;
}

bool CheckPacket(const std::string& name, const Vector& vector) {
  static const auto packets = PacketVectors();
  const auto found = packets.find(name);
  if (found == packets.end()) return false;
  const PacketVector& packet = found->second;
  const Codec codec = MakeCodec(packet.options, packet.key);
  std::vector<Bytes> encoded;
  for (const Message& message : packet.messages) {
    encoded.push_back(EncodeMessage(message));
  }
  ExpectHex(codec.EncodePacket(encoded, packet.checksum), vector.hex);
  const auto decoded = codec.DecodePacket(FromHex(vector.hex));
  EXPECT_THAT(decoded, IsOk());
  EXPECT_THAT(decoded->messages, ElementsAreArray(packet.messages));
  EXPECT_EQ(decoded->parts_refused, 0);
  return true;
}

bool CheckStream(const std::string& name, const Vector& vector) {
  static const auto streams = StreamVectors();
  const auto found = streams.find(name);
  if (found == streams.end()) return false;
  const StreamVector& stream = found->second;
  const Codec codec = MakeCodec(stream.options, stream.key);
  ExpectHex(codec.EncodeStream(stream.message, stream.direction), vector.hex);
  EXPECT_THAT(codec.DecodeStream(FromHex(vector.hex), stream.direction),
              IsOkAndHolds(stream.message));
  return true;
}

bool CheckCompress(const std::string& name, const Vector& vector) {
  static const auto inputs = CompressVectors();
  const auto found = inputs.find(name);
  if (found == inputs.end()) return false;
  const Bytes message = Compress(found->second);
  EXPECT_EQ(message.size(), vector.size);
  ExpectHex(message, vector.hex);
  EXPECT_THAT(LzwDecompress(ParseCompressed(message).value(), 1 << 20),
              IsOkAndHolds(found->second));
  return true;
}

// Only the header stands in the vector; 300 bytes follow it.
bool CheckStreamHeader(const std::string& name, const Vector& vector) {
  if (name != "usermsg_stream_hdr300") return false;
  const User user = {.payload = Bytes(300, 'u')};
  Bytes stream = FromHex(vector.hex);
  EXPECT_THAT(ParseStreamMessage(stream),
              StatusIs(absl::StatusCode::kUnavailable));
  stream.insert(stream.end(), 300, 'u');
  EXPECT_THAT(ParseStreamMessage(stream), IsOkAndHolds(StreamMessage(user)));
  // go-msgpack 0.5 wrote the other family of integers.
  if (vector.build == "0.2.2") return true;
  EXPECT_EQ(ToHex(SerializeStreamMessage(user)), ToHex(stream));
  return true;
}

bool CheckPushPullHeader(const std::string& name, const Vector& vector) {
  constexpr std::string_view kPrefix = "pphdr_userstatelen_";
  if (!name.starts_with(kPrefix)) return false;
  PushPullHeader header = {.nodes = 1};
  EXPECT_TRUE(
      absl::SimpleAtoi(name.substr(kPrefix.size()), &header.user_state_size));
  EXPECT_THAT(ParsePushPullHeader(FromHex(vector.hex)), IsOkAndHolds(header));
  if (vector.build == "0.2.2") return true;
  EXPECT_EQ(ToHex(SerializePushPullHeader(header)), vector.hex);
  return true;
}

// The encrypted part alone, whose label header is not in the vector.
bool CheckLabelAsAad(const std::string& name, const Vector& vector) {
  if (name != "enc_v1_ping_label_aad") return false;
  const Codec codec = MakeCodec({.label = "blue", .compress = false}, kKey16);
  EXPECT_EQ(ToHex(codec.EncodePacket({EncodeMessage(kPing)}, Checksum::kNone)),
            "f404626c7565" + vector.hex);
  const Codec no_header =
      MakeCodec({.label = "blue", .skip_inbound_label_check = true}, kKey16);
  const auto decoded = no_header.DecodePacket(FromHex(vector.hex));
  EXPECT_THAT(decoded, IsOk());
  EXPECT_THAT(decoded->messages, testing::ElementsAre(Message(kPing)));
  return true;
}

TEST(DeterministicVectorsTest, EncodeByteForByteAndDecode) {
  int checked = 0;
  for (const Vector& vector : ReadVectors()) {
    if (vector.is_capture()) continue;
    SCOPED_TRACE(vector.name + ", " + vector.build);
    const std::string name = vector.name.substr(vector.name.find(' ') + 1);
    if (vector.hex.find("..") == std::string::npos) {
      EXPECT_EQ(FromHex(vector.hex).size(), vector.size);
    }
    const bool known =
        CheckMessage(name, vector) || CheckPacket(name, vector) ||
        CheckStream(name, vector) || CheckCompress(name, vector) ||
        CheckStreamHeader(name, vector) || CheckPushPullHeader(name, vector) ||
        CheckLabelAsAad(name, vector);
    EXPECT_TRUE(known) << "no inputs for this vector";
    checked += known;
  }
  EXPECT_EQ(checked, 67);
  EXPECT_EQ(ReadVectors().size(), 119u);
}

}  // namespace
}  // namespace lb::gossip::wire
