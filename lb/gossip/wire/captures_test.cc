// Every capture of tests/corpus/memberlist/vectors.txt: it decodes to its "="
// line, and what was decoded encodes to the captured bytes again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/compound.h"
#include "lb/gossip/wire/crc32.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/label.h"
#include "lb/gossip/wire/lzw.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/testing/vectors.h"
#include "lb/net/byte_reader.h"

namespace lb::gossip::wire {
namespace {

using ::testing::ElementsAreArray;

// Python's notation of values, and of one message as a dictionary.
std::string Python(absl::Span<const uint8_t> bytes) {
  std::string text = "b'";
  for (const uint8_t byte : bytes) {
    if (byte == '\'' || byte == '\\') {
      text += fmt::format("\\{}", static_cast<char>(byte));
    } else if (byte == '\n') {
      text += "\\n";
    } else if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\t') {
      text += "\\t";
    } else if (byte < 0x20 || byte >= 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += static_cast<char>(byte);
    }
  }
  return text + "'";
}
std::string Python(const std::string& text) {
  return Python(absl::Span<const uint8_t>(
      reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}
std::string Python(const std::optional<Bytes>& bytes) {
  return bytes ? Python(absl::MakeConstSpan(*bytes)) : "None";
}
std::string Python(const Bytes& bytes) {
  return Python(absl::MakeConstSpan(bytes));
}
std::string Python(bool value) { return value ? "True" : "False"; }
template <typename T>
requires std::is_integral_v<T> std::string Python(T number) {
  return fmt::to_string(number);
}

class Dictionary {
 public:
  template <typename T>
  Dictionary& Add(std::string_view key, const T& value) {
    text_ += fmt::format("{}'{}': {}", text_.empty() ? "" : ", ", key,
                         Python(value));
    return *this;
  }
  Dictionary& AddSource(const Source& source) {
    if (!source.address.empty()) Add("SourceAddr", source.address);
    if (!source.node.empty()) Add("SourceNode", source.node);
    if (source.port != 0) Add("SourcePort", source.port);
    return *this;
  }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string Print(const Ping& ping) {
  return "ping" + Dictionary()
                      .Add("Node", ping.node)
                      .Add("SeqNo", ping.sequence)
                      .AddSource(ping.source)
                      .text();
}
std::string Print(const IndirectPing& ping) {
  return "indirectPing" + Dictionary()
                              .Add("Nack", ping.nack)
                              .Add("Node", ping.node)
                              .Add("Port", ping.port)
                              .Add("SeqNo", ping.sequence)
                              .AddSource(ping.source)
                              .Add("Target", ping.target)
                              .text();
}
std::string Print(const Ack& ack) {
  return "ackResp" + Dictionary()
                         .Add("Payload", ack.payload)
                         .Add("SeqNo", ack.sequence)
                         .text();
}
std::string Print(const Nack& nack) {
  return "nackResp" + Dictionary().Add("SeqNo", nack.sequence).text();
}
std::string Print(const Error& error) {
  return "err" + Dictionary().Add("Error", error.message).text();
}
std::string PrintAccusation(const auto& accusation) {
  return Dictionary()
      .Add("From", accusation.from)
      .Add("Incarnation", accusation.incarnation)
      .Add("Node", accusation.node)
      .text();
}
std::string Print(const Suspect& suspect) {
  return "suspect" + PrintAccusation(suspect);
}
std::string Print(const Dead& dead) { return "dead" + PrintAccusation(dead); }
std::string Print(const Alive& alive) {
  return "alive" + Dictionary()
                       .Add("Addr", alive.address)
                       .Add("Incarnation", alive.incarnation)
                       .Add("Meta", alive.meta)
                       .Add("Node", alive.node)
                       .Add("Port", alive.port)
                       .Add("Vsn", alive.versions)
                       .text();
}
std::string Print(const User& user) {
  return fmt::format("user({})", Python(user.payload));
}
std::string Print(const PushNodeState& entry) {
  return Dictionary()
      .Add("Addr", entry.node->address)
      .Add("Incarnation", entry.incarnation)
      .Add("Meta", entry.node->meta)
      .Add("Name", entry.node->name)
      .Add("Port", entry.node->port)
      .Add("State", static_cast<int>(entry.state))
      .Add("Vsn", entry.node->versions)
      .text();
}
std::string Print(const PushPull& message) {
  std::string nodes;
  for (const PushNodeState& node : message.nodes) {
    nodes += (nodes.empty() ? "" : ", ") + Print(node);
  }
  return fmt::format("pushPull hdr={} nodes=[{}] userstate={}",
                     Dictionary()
                         .Add("Join", message.join)
                         .Add("Nodes", message.nodes.size())
                         .Add("UserStateLen", message.user_state.size())
                         .text(),
                     nodes, Python(message.user_state));
}
std::string PrintStream(const StreamMessage& message) {
  if (const User* const user = std::get_if<User>(&message)) {
    return fmt::format(
        "user-stream {} + {}",
        Dictionary().Add("UserMsgLen", user->payload.size()).text(),
        Python(user->payload));
  }
  return std::visit([](const auto& value) { return Print(value); }, message);
}

bool StartsWith(absl::Span<const uint8_t> bytes, MessageType type) {
  return bytes.at(0) == static_cast<uint8_t>(type);
}

// Takes a capture apart layer by layer, as the "=" lines show it; what the
// codec makes of the whole is compared with what is found here.
class Dissection {
 public:
  explicit Dissection(const Vector& vector) : vector_(vector) {}

  std::string Run(absl::Span<const uint8_t> bytes) {
    const Labelled labelled = SplitLabel(bytes).value();
    std::string text;
    if (!labelled.label.empty())
      text = fmt::format("label({}) ", labelled.label);
    bytes = labelled.rest;
    if (vector_.Keys().empty()) return text + PrintOpen(bytes);
    // A response has no label header, but the label is authenticated.
    const std::string label = vector_.Options().label;
    Bytes aad(label.begin(), label.end());
    if (vector_.is_stream()) {
      net::ByteReader in(bytes);
      EXPECT_EQ(in.Uint8(), static_cast<uint8_t>(MessageType::kEncrypt));
      text += fmt::format("enc(len={},", in.Uint32());
      aad.insert(aad.begin(), bytes.begin(), bytes.begin() + 5);
      bytes.remove_prefix(5);
    } else {
      text += "enc(";
    }
    nonce_.emplace();
    std::copy_n(bytes.begin() + 1, nonce_->size(), nonce_->begin());
    text += fmt::format("v{}) ", bytes[0]);
    const Bytes plain = Open(vector_.Keys(), bytes, aad).value();
    return text + PrintOpen(plain);
  }

  const std::vector<Message>& messages() const { return messages_; }
  bool has_checksum() const { return has_checksum_; }
  Nonce nonce() const { return nonce_.value_or(Nonce()); }

 private:
  std::string PrintOpen(absl::Span<const uint8_t> bytes) {
    if (!StartsWith(bytes, MessageType::kCrc)) return PrintInner(bytes);
    has_checksum_ = true;
    net::ByteReader in(bytes.subspan(1));
    const bool right = in.Uint32() == Crc32(in.rest());
    return fmt::format("crc(ok={}){{{}}}", Python(right),
                       PrintInner(in.rest()));
  }

  std::string PrintInner(absl::Span<const uint8_t> bytes) {
    if (StartsWith(bytes, MessageType::kCompress)) {
      const auto compressed = ParseCompressed(bytes).value();
      const Bytes plain = LzwDecompress(compressed, 1 << 20).value();
      return fmt::format("compress({}->{}){{{}}}", compressed.size(),
                         plain.size(), PrintInner(plain));
    }
    if (StartsWith(bytes, MessageType::kCompound)) {
      std::string text;
      const Compound compound = SplitCompound(bytes.subspan(1)).value();
      for (const absl::Span<const uint8_t> part : compound.parts) {
        text += (text.empty() ? "" : "; ") + PrintInner(part);
      }
      return fmt::format("compound[{}]", text);
    }
    if (vector_.is_stream()) {
      return PrintStream(ParseStreamMessage(bytes).value());
    }
    messages_.push_back(ParseMessage(bytes).value());
    return std::visit([](const auto& value) { return Print(value); },
                      messages_.back());
  }

  const Vector& vector_;
  std::vector<Message> messages_;
  bool has_checksum_ = false;
  std::optional<Nonce> nonce_;
};

std::vector<Vector> Captures() {
  std::vector<Vector> captures = ReadVectors();
  std::erase_if(captures, [](const Vector& v) { return !v.is_capture(); });
  return captures;
}

TEST(CapturesTest, AllAreThere) { EXPECT_EQ(Captures().size(), 52u); }

TEST(CapturesTest, DecodeToTheirLine) {
  for (const Vector& vector : Captures()) {
    SCOPED_TRACE(vector.name + ", " + vector.build);
    const Bytes bytes = FromHex(vector.hex);
    EXPECT_EQ(bytes.size(), vector.size);
    EXPECT_EQ(Dissection(vector).Run(bytes), vector.decoded);
  }
}

TEST(CapturesTest, PacketsDecodeAndEncodeToTheSameBytes) {
  int packets = 0;
  for (const Vector& vector : Captures()) {
    if (vector.is_stream()) continue;
    SCOPED_TRACE(vector.name + ", " + vector.build);
    const Bytes bytes = FromHex(vector.hex);
    Dissection dissection(vector);
    dissection.Run(bytes);
    const Codec codec(vector.Options(), vector.Keys(),
                      [&] { return dissection.nonce(); });
    const absl::StatusOr<Codec::Packet> packet = codec.DecodePacket(bytes);
    ASSERT_THAT(packet, IsOk());
    EXPECT_EQ(packet->parts_refused, 0);
    EXPECT_THAT(packet->messages, ElementsAreArray(dissection.messages()));
    std::vector<Bytes> encoded;
    for (const Message& message : packet->messages) {
      encoded.push_back(EncodeMessage(message));
    }
    EXPECT_EQ(ToHex(codec.EncodePacket(encoded, dissection.has_checksum()
                                                    ? Checksum::kCrc32
                                                    : Checksum::kNone)),
              vector.hex);
    ++packets;
  }
  EXPECT_EQ(packets, 34);
}

TEST(CapturesTest, StreamsDecodeAndEncodeToTheSameBytes) {
  int streams = 0;
  for (const Vector& vector : Captures()) {
    if (!vector.is_stream()) continue;
    SCOPED_TRACE(vector.name + ", " + vector.build);
    const Bytes bytes = FromHex(vector.hex);
    Dissection dissection(vector);
    dissection.Run(bytes);
    const Codec codec(vector.Options(), vector.Keys(),
                      [&] { return dissection.nonce(); });
    const Codec::Direction direction = vector.is_response()
                                           ? Codec::Direction::kResponse
                                           : Codec::Direction::kRequest;
    const absl::StatusOr<StreamMessage> message =
        codec.DecodeStream(bytes, direction);
    ASSERT_THAT(message, IsOk());
    EXPECT_THAT(vector.decoded, testing::HasSubstr(PrintStream(*message)));
    EXPECT_EQ(ToHex(codec.EncodeStream(*message, direction)), vector.hex);
    ++streams;
  }
  EXPECT_EQ(streams, 18);
}

}  // namespace
}  // namespace lb::gossip::wire
