#include "lb/gossip/wire/message_codec.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"
#include "lb/gossip/wire/body_reader.h"
#include "lb/gossip/wire/body_writer.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/lzw.h"
#include "lb/gossip/wire/message_fields.h"

namespace lb::gossip::wire {
namespace {

static_assert(BodyReader::kRawSizeMax == kStreamSizeMax);

class FieldCounter {
 public:
  void operator()(std::string_view, int, const auto&) { ++count; }
  template <typename T>
  void Optional(std::string_view, int, const T& value) {
    if (value != T()) ++count;
  }
  uint32_t count = 0;
};

class FieldWriter {
 public:
  explicit FieldWriter(Bytes* bytes) : out_(bytes) {}

  void operator()(std::string_view key, int, const auto& value) {
    out_.Raw(key);
    Write(value);
  }
  template <typename T>
  void Optional(std::string_view key, int position, const T& value) {
    if (value != T()) (*this)(key, position, value);
  }

 private:
  void Write(bool value) { out_.Bool(value); }
  void Write(uint8_t value) { out_.Unsigned(value); }
  void Write(uint16_t value) { out_.Unsigned(value); }
  void Write(uint32_t value) { out_.Unsigned(value); }
  void Write(uint64_t value) { out_.Signed(value); }  // The original's `int`s.
  void Write(NodeState value) { out_.Signed(static_cast<uint64_t>(value)); }
  void Write(const std::string& value) { out_.Raw(value); }
  void Write(absl::Span<const uint8_t> value) { out_.Raw(value); }
  void Write(const Bytes& value) { out_.Raw(value); }
  void Write(const std::optional<Bytes>& value) {
    if (value) {
      out_.Raw(*value);
    } else {
      out_.Nil();
    }
  }

  BodyWriter out_;
};

// Reads one value into the field it belongs to, which its key tells or, in a
// struct sent as an array, its position.
class FieldReader {
 public:
  FieldReader(BodyReader* in, std::string_view key) : in_(*in), key_(key) {}
  FieldReader(BodyReader* in, int position) : in_(*in), position_(position) {}

  template <typename T>
  void operator()(std::string_view key, int position, T& value) {
    if (position_ >= 0 ? position != position_ : key != key_) return;
    found_ = true;
    key_ = key;
    value = T();
    if (!in_.TakeNil()) Read(value);
  }
  void Optional(std::string_view key, int position, auto& value) {
    (*this)(key, position, value);
  }

  bool found() const { return found_; }
  std::string_view key() const { return key_; }

 private:
  template <std::unsigned_integral T>
  void Read(T& value) {
    value = static_cast<T>(in_.Unsigned(std::numeric_limits<T>::max()));
  }
  void Read(bool& value) { value = in_.Bool(); }
  void Read(NodeState& value) {
    value = static_cast<NodeState>(
        in_.Unsigned(static_cast<uint64_t>(NodeState::kLeft)));
  }
  void Read(std::string& value) {
    const absl::Span<const uint8_t> raw = in_.Raw();
    value.assign(raw.begin(), raw.end());
  }
  void Read(absl::Span<const uint8_t>& value) { value = in_.Raw(); }
  void Read(Bytes& value) {
    const absl::Span<const uint8_t> raw = in_.Raw();
    value.assign(raw.begin(), raw.end());
  }
  void Read(std::optional<Bytes>& value) { Read(value.emplace()); }

  BodyReader& in_;
  std::string_view key_;
  int position_ = -1;
  bool found_ = false;
};

template <typename Struct>
absl::Status ReadStruct(std::string_view place, BodyReader* in, Struct* value) {
  const BodyReader::Container fields = in->Struct();
  if (!in->ok()) return Prefixed(place, in->status());
  for (uint32_t n = 0; n < fields.count; ++n) {
    FieldReader field = fields.is_map ? FieldReader(in, AsText(in->Raw()))
                                      : FieldReader(in, static_cast<int>(n));
    if (in->ok()) VisitFields(field, *value);
    if (!field.found()) in->Skip();
    if (!in->ok()) {
      return Prefixed(field.found() ? fmt::format("{}: {}", place, field.key())
                                    : std::string(place),
                      in->status());
    }
  }
  return absl::OkStatus();
}

template <typename Struct>
void WriteStruct(const Struct& value, Bytes* bytes) {
  FieldCounter counter;
  VisitFields(counter, value);
  BodyWriter(bytes).Map(counter.count);
  FieldWriter writer(bytes);
  VisitFields(writer, value);
}

template <typename Struct>
absl::StatusOr<Struct> ParseBody(std::string_view place,
                                 absl::Span<const uint8_t> body) {
  BodyReader in(body);
  Struct value;
  LB_RETURN_IF_ERROR(ReadStruct(place, &in, &value));
  return value;
}

absl::Status CheckSize(std::string_view place, uint64_t size, uint64_t max) {
  if (size <= max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("{}: {}, want at most {}", place, size, max));
}

absl::StatusOr<PushPullHeader> ReadPushPullHeader(BodyReader* in) {
  PushPullHeader header;
  LB_RETURN_IF_ERROR(ReadStruct("push/pull", in, &header));
  LB_RETURN_IF_ERROR(
      CheckSize("push/pull: Nodes", header.nodes, kPushPullNodesMax));
  LB_RETURN_IF_ERROR(CheckSize("push/pull: UserStateLen",
                               header.user_state_size, kStreamSizeMax));
  return header;
}

absl::StatusOr<PushPull> ParsePushPull(absl::Span<const uint8_t> body) {
  BodyReader in(body);
  LB_ASSIGN_OR_RETURN(const PushPullHeader header, ReadPushPullHeader(&in));
  // Looks whether all of it is here before any of it is stored: what the header
  // promises is worth no memory.
  BodyReader ahead = in;
  for (uint64_t n = 0; n < header.nodes && ahead.ok(); ++n) ahead.Skip();
  if (!ahead.ok()) return Prefixed("push/pull: node", ahead.status());
  if (ahead.rest().size() < header.user_state_size) {
    return absl::UnavailableError("push/pull: user state: cut short");
  }
  const absl::Span<const uint8_t> state =
      ahead.rest().first(header.user_state_size);
  PushPull message = {.join = header.join};
  message.nodes.resize(header.nodes);
  for (PushNodeState& entry : message.nodes) {
    NodeDescription node;
    const NodeFields fields{node, entry};
    LB_RETURN_IF_ERROR(ReadStruct("push/pull: node", &in, &fields));
    entry.node = Share(std::move(node));
  }
  message.user_state.assign(state.begin(), state.end());
  return message;
}

absl::StatusOr<UserHeader> ReadUserHeader(BodyReader* in) {
  UserHeader header;
  LB_RETURN_IF_ERROR(ReadStruct("user", in, &header));
  LB_RETURN_IF_ERROR(
      CheckSize("user: UserMsgLen", header.size, kStreamSizeMax));
  return header;
}

absl::StatusOr<User> ParseStreamUser(absl::Span<const uint8_t> body) {
  BodyReader in(body);
  LB_ASSIGN_OR_RETURN(const UserHeader header, ReadUserHeader(&in));
  if (in.rest().size() < header.size) {
    return absl::UnavailableError("user: cut short");
  }
  const absl::Span<const uint8_t> payload = in.rest().first(header.size);
  return User{.payload = Bytes(payload.begin(), payload.end())};
}

void WriteBody(const PushPull& message, Bytes* bytes) {
  WriteStruct(PushPullHeader{.join = message.join,
                             .nodes = message.nodes.size(),
                             .user_state_size = message.user_state.size()},
              bytes);
  for (const PushNodeState& entry : message.nodes) {
    WriteStruct(NodeFields{*entry.node, entry}, bytes);
  }
  bytes->insert(bytes->end(), message.user_state.begin(),
                message.user_state.end());
}

void WriteBody(const User& user, Bytes* bytes) {
  bytes->insert(bytes->end(), user.payload.begin(), user.payload.end());
}

void WriteBody(const auto& message, Bytes* bytes) {
  WriteStruct(message, bytes);
}

template <typename T>
constexpr MessageType kTypeOf = [] {
  if constexpr (Is<T, Ping>) return MessageType::kPing;
  if constexpr (Is<T, IndirectPing>) return MessageType::kIndirectPing;
  if constexpr (Is<T, Ack>) return MessageType::kAck;
  if constexpr (Is<T, Nack>) return MessageType::kNack;
  if constexpr (Is<T, Error>) return MessageType::kError;
  if constexpr (Is<T, Suspect>) return MessageType::kSuspect;
  if constexpr (Is<T, Alive>) return MessageType::kAlive;
  if constexpr (Is<T, Dead>) return MessageType::kDead;
  if constexpr (Is<T, User>) return MessageType::kUser;
  if constexpr (Is<T, PushPull>) return MessageType::kPushPull;
}();

template <typename T>
Bytes Start(const T&) {
  return {static_cast<uint8_t>(kTypeOf<T>)};
}

absl::Status WrongType(std::string_view place, uint8_t type) {
  return absl::InvalidArgumentError(
      fmt::format("{}: type {}, want one that it may hold", place, type));
}

}  // namespace

absl::Status AsFinal(absl::Status status) {
  if (!absl::IsUnavailable(status)) return status;
  return absl::InvalidArgumentError(status.message());
}

Bytes EncodeMessage(const Message& message) {
  return std::visit(
      [](const auto& value) {
        Bytes bytes = Start(value);
        WriteBody(value, &bytes);
        return bytes;
      },
      message);
}

absl::StatusOr<Message> ParseMessage(absl::Span<const uint8_t> message) {
  if (message.empty()) {
    return absl::InvalidArgumentError("message: 0 bytes, want a type");
  }
  const absl::Span<const uint8_t> body = message.subspan(1);
  const auto parse = [body]<typename T>(std::string_view place,
                                        T value) -> absl::StatusOr<Message> {
    BodyReader in(body);
    LB_RETURN_IF_ERROR(AsFinal(ReadStruct(place, &in, &value)));
    return Message(std::move(value));
  };
  switch (static_cast<MessageType>(message.front())) {
    case MessageType::kPing:
      return parse("ping", Ping());
    case MessageType::kIndirectPing:
      return parse("indirect ping", IndirectPing());
    case MessageType::kAck:
      return parse("ack", Ack());
    case MessageType::kNack:
      return parse("nack", Nack());
    case MessageType::kSuspect:
      return parse("suspect", Suspect());
    case MessageType::kAlive:
      return parse("alive", Alive());
    case MessageType::kDead:
      return parse("dead", Dead());
    case MessageType::kUser:
      return Message(User{.payload = Bytes(body.begin(), body.end())});
    default:
      return WrongType("datagram", message.front());
  }
}

absl::StatusOr<StreamMessage> ParseStreamMessage(
    absl::Span<const uint8_t> message) {
  if (message.empty()) return absl::UnavailableError("stream: cut short");
  const absl::Span<const uint8_t> body = message.subspan(1);
  switch (static_cast<MessageType>(message.front())) {
    case MessageType::kPing:
      return ParseBody<Ping>("ping", body);
    case MessageType::kAck:
      return ParseBody<Ack>("ack", body);
    case MessageType::kPushPull:
      return ParsePushPull(body);
    case MessageType::kUser:
      return ParseStreamUser(body);
    case MessageType::kError:
      return ParseBody<Error>("error", body);
    default:
      return WrongType("stream", message.front());
  }
}

absl::StatusOr<StreamTail> ParseStreamTail(absl::Span<const uint8_t> message) {
  LB_CHECK(!message.empty());
  BodyReader in(message.subspan(1));
  switch (static_cast<MessageType>(message.front())) {
    case MessageType::kPushPull: {
      LB_ASSIGN_OR_RETURN(const auto header, ReadPushPullHeader(&in));
      return StreamTail{header.nodes, header.user_state_size};
    }
    case MessageType::kUser: {
      LB_ASSIGN_OR_RETURN(const UserHeader header, ReadUserHeader(&in));
      return StreamTail{.bytes = header.size};
    }
    default:
      return StreamTail();
  }
}

Bytes SerializeStreamMessage(const StreamMessage& message) {
  return std::visit(
      [](const auto& value) {
        Bytes bytes = Start(value);
        if constexpr (Is<decltype(value), const User&>) {
          WriteStruct(UserHeader{.size = value.payload.size()}, &bytes);
        }
        WriteBody(value, &bytes);
        return bytes;
      },
      message);
}

absl::StatusOr<PushPullHeader> ParsePushPullHeader(
    absl::Span<const uint8_t> body) {
  BodyReader in(body);
  return ReadPushPullHeader(&in);
}

Bytes SerializePushPullHeader(const PushPullHeader& header) {
  Bytes bytes;
  WriteStruct(header, &bytes);
  return bytes;
}

Bytes Compress(absl::Span<const uint8_t> plain) {
  const Bytes compressed = LzwCompress(plain);
  Bytes bytes = {static_cast<uint8_t>(MessageType::kCompress)};
  WriteStruct(Compressed{.bytes = compressed}, &bytes);
  return bytes;
}

absl::StatusOr<absl::Span<const uint8_t>> ParseCompressed(
    absl::Span<const uint8_t> message) {
  LB_CHECK(!message.empty());
  LB_ASSIGN_OR_RETURN(const Compressed compressed,
                      ParseBody<Compressed>("compress", message.subspan(1)));
  if (compressed.algorithm != 0) {
    return absl::InvalidArgumentError(
        fmt::format("compress: Algo: {}, want 0 (LZW)", compressed.algorithm));
  }
  return compressed.bytes;
}

}  // namespace lb::gossip::wire
