#include "lb/gossip/wire/codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/wire/compound.h"
#include "lb/gossip/wire/crc32.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/label.h"
#include "lb/gossip/wire/lzw.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::gossip::wire {
namespace {

constexpr size_t kFrameHeaderSize = 5;  // Type and u32 size.
// The limit for a packet that is refused anyway: any host can send it, at any
// rate.
constexpr size_t kRefusedInflatedMax = 8192;
// What may stand before a stream's 20 MiB: label header and frame header.
constexpr size_t kStreamHeadersMax = 2 + kLabelSizeMax + kFrameHeaderSize;

bool StartsWith(absl::Span<const uint8_t> bytes, MessageType type) {
  return !bytes.empty() && bytes.front() == static_cast<uint8_t>(type);
}

Bytes Join(absl::Span<const uint8_t> first, absl::Span<const uint8_t> second) {
  Bytes joined(first.begin(), first.end());
  joined.insert(joined.end(), second.begin(), second.end());
  return joined;
}

Bytes AddChecksum(const Bytes& packet) {
  net::ByteWriter out;
  out.Uint8(static_cast<uint8_t>(MessageType::kCrc));
  out.Uint32(Crc32(packet));
  out.Bytes(packet);
  return std::move(out).Finish();
}

absl::Status CheckLabel(const CodecOptions& options, std::string_view label) {
  const std::string_view own = options.label;
  const std::string_view wanted = options.skip_inbound_label_check ? "" : own;
  if (label == wanted) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("label: \"{}\", want \"{}\"", label, wanted));
}

EncryptionVersion VersionFor(const CodecOptions& options) {
  return options.protocol_version < 2 ? EncryptionVersion::kPadded
                                      : EncryptionVersion::kUnpadded;
}

// Takes compressed messages and compounds apart, in any nesting, within the
// limits of one datagram.
class PacketReader {
 public:
  explicit PacketReader(size_t inflated_max) : inflated_left_(inflated_max) {}

  void Read(absl::Span<const uint8_t> part, int nesting) {
    const bool is_compound = StartsWith(part, MessageType::kCompound);
    if (!is_compound && !StartsWith(part, MessageType::kCompress)) {
      return ReadMessage(part);
    }
    if (nesting == kPacketNestingMax) {
      return Refuse(absl::ResourceExhaustedError(
          fmt::format("packet: nested deeper than {}", kPacketNestingMax)));
    }
    if (is_compound) {
      ReadCompound(part, nesting);
    } else {
      ReadCompressed(part, nesting);
    }
  }

  absl::StatusOr<Codec::Packet> Finish() && {
    if (packet_.messages.empty()) return first_error_;
    return std::move(packet_);
  }

 private:
  void ReadMessage(absl::Span<const uint8_t> part) {
    absl::StatusOr<Message> message = ParseMessage(part);
    if (!message.ok()) return Refuse(message.status());
    packet_.messages.push_back(*std::move(message));
  }

  void ReadCompound(absl::Span<const uint8_t> part, int nesting) {
    const absl::StatusOr<Compound> compound = SplitCompound(part.subspan(1));
    if (!compound.ok()) return Refuse(compound.status());
    for (const absl::Span<const uint8_t> inner : compound->parts) {
      if (parts_ > kPacketPartsMax) return;
      if (++parts_ > kPacketPartsMax) {
        return Refuse(absl::ResourceExhaustedError(
            fmt::format("packet: more than {} parts", kPacketPartsMax)));
      }
      Read(inner, nesting + 1);
    }
    if (compound->missing == 0) return;
    Refuse(absl::InvalidArgumentError(
        fmt::format("compound: {} parts cut off", compound->missing)));
    packet_.parts_refused += compound->missing - 1;
  }

  void ReadCompressed(absl::Span<const uint8_t> part, int nesting) {
    const absl::StatusOr<absl::Span<const uint8_t>> compressed =
        ParseCompressed(part);
    if (!compressed.ok()) return Refuse(AsFinal(compressed.status()));
    const absl::StatusOr<Bytes> plain =
        LzwDecompress(*compressed, inflated_left_);
    // A part that fails may have cost all that was left.
    inflated_left_ -= plain.ok() ? plain->size() : inflated_left_;
    if (!plain.ok()) return Refuse(plain.status());
    Read(*plain, nesting + 1);
  }

  void Refuse(const absl::Status& why) {
    ++packet_.parts_refused;
    if (first_error_.ok()) first_error_ = why;
  }

  Codec::Packet packet_;
  absl::Status first_error_;
  int parts_ = 0;
  size_t inflated_left_;
};

// A whole plaintext stream message, which may be compressed.
absl::StatusOr<Codec::WholeStream> ReadPlainStream(
    absl::Span<const uint8_t> message) {
  if (StartsWith(message, MessageType::kCompress)) {
    LB_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> compressed,
                        ParseCompressed(message));
    return StreamInflation(compressed);
  }
  LB_ASSIGN_OR_RETURN(StreamMessage parsed, ParseStreamMessage(message));
  return parsed;
}

// A message that peers would take for a bomb goes as it is.
Bytes CompressForStream(const Bytes& stream) {
  constexpr size_t kHeader = 32;  // Of the compressed message, at most.
  Bytes compressed = Compress(stream);
  const bool is_bomb =
      stream.size() > kInflateSlice &&
      stream.size() / kInflateRatioMax + kHeader >= compressed.size();
  if (is_bomb) return stream;
  return compressed;
}

// The messages of a datagram without label and encryption.
absl::StatusOr<Codec::Packet> ReadPlainPacket(absl::Span<const uint8_t> packet,
                                              size_t inflated_max) {
  if (StartsWith(packet, MessageType::kCrc)) {
    net::ByteReader in(packet.subspan(1));
    const uint32_t wanted = in.Uint32();
    if (!in.ok() || Crc32(in.rest()) != wanted) {
      return absl::InvalidArgumentError(
          in.ok() ? fmt::format("crc: 0x{:08x}, want 0x{:08x}", wanted,
                                Crc32(in.rest()))
                  : "crc: cut short");
    }
    packet = in.rest();
  }
  PacketReader reader(inflated_max);
  reader.Read(packet, /*nesting=*/0);
  return std::move(reader).Finish();
}

// Can `payload` be an encrypted one? No more can be told without the key.
bool LooksSealed(absl::Span<const uint8_t> payload) {
  return !payload.empty() && payload.front() <= 1 &&
         payload.size() >= EncryptionOverhead(EncryptionVersion::kUnpadded);
}

// Is it the first byte of a stream in the clear?
bool LooksPlainStream(absl::Span<const uint8_t> stream) {
  return StartsWith(stream, MessageType::kPing) ||
         StartsWith(stream, MessageType::kPushPull) ||
         StartsWith(stream, MessageType::kUser) ||
         StartsWith(stream, MessageType::kCompress) ||
         StartsWith(stream, MessageType::kError);
}

}  // namespace

std::string_view ToString(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::kOtherKey:
      return "no key of this node opens what it sends";
    case Mismatch::kTheirsClear:
      return "it sends in the clear, and this node has a gossip secret";
    case Mismatch::kOursClear:
      return "it encrypts, and this node has no gossip secret";
    case Mismatch::kOtherLabel:
      return "it has another gossip label";
    case Mismatch::kOursRefused:
      return "none of its keys opens what this node sends";
  }
  LB_UNREACHABLE();
}

Codec::Codec(const CodecOptions& options, Keyring keyring, NonceSource nonces)
    : options_(options),
      keyring_(std::move(keyring)),
      nonces_(std::move(nonces)) {
  LB_CHECK(options_.label.size() <= kLabelSizeMax);
  LB_CHECK(nonces_ != nullptr);
}

Bytes Codec::EncodePacket(absl::Span<const Bytes> messages,
                          Checksum checksum) const {
  LB_CHECK(!messages.empty());
  Bytes packet = messages.size() == 1 ? messages[0] : MakeCompound(messages);
  if (options_.compress) {
    Bytes compressed = Compress(packet);
    if (compressed.size() < packet.size()) packet = std::move(compressed);
  }
  if (checksum == Checksum::kCrc32) packet = AddChecksum(packet);
  if (EncryptsOutgoing()) {
    packet = Seal(NextSeal(), packet, AsBytes(options_.label));
  }
  return Join(LabelHeader(options_.label), packet);
}

size_t Codec::packet_overhead() const {
  const size_t label = LabelHeader(options_.label).size();
  return label +
         (EncryptsOutgoing() ? EncryptionOverhead(VersionFor(options_)) : 0);
}

absl::StatusOr<Codec::Packet> Codec::DecodePacket(
    absl::Span<const uint8_t> payload) const {
  const absl::StatusOr<Labelled> labelled = SplitLabel(payload);
  if (!labelled.ok()) return AsFinal(labelled.status());
  LB_RETURN_IF_ERROR(CheckLabel(options_, labelled->label));
  absl::Span<const uint8_t> packet = labelled->rest;
  absl::StatusOr<Bytes> opened;  // Keeps what `packet` then points to.
  if (!keyring_.empty()) {
    opened = Open(keyring_, packet, AsBytes(options_.label));
    if (opened.ok()) {
      packet = *opened;
    } else if (options_.verify_incoming ||
               !absl::IsUnauthenticated(opened.status())) {
      return opened.status();
    }
  }
  return ReadPlainPacket(packet, kPacketInflatedMax);
}

std::optional<Mismatch> Codec::PacketMismatch(
    absl::Span<const uint8_t> payload) const {
  const absl::StatusOr<Labelled> labelled = SplitLabel(payload);
  if (!labelled.ok()) return std::nullopt;
  const absl::Span<const uint8_t> packet = labelled->rest;
  const bool is_plain = ReadPlainPacket(packet, kRefusedInflatedMax).ok();
  if (!is_plain && !LooksSealed(packet)) return std::nullopt;
  if (!CheckLabel(options_, labelled->label).ok()) return Mismatch::kOtherLabel;
  if (keyring_.empty()) {
    return is_plain ? std::nullopt : std::optional(Mismatch::kOursClear);
  }
  return is_plain ? Mismatch::kTheirsClear : Mismatch::kOtherKey;
}

Bytes Codec::EncodeStream(const StreamMessage& message,
                          Direction direction) const {
  return EncodeSerialized(SerializeStreamMessage(message), direction);
}

Bytes Codec::EncodeSerialized(Bytes stream, Direction direction) const {
  if (options_.compress) stream = CompressForStream(stream);
  if (EncryptsOutgoing()) {
    const SealOptions seal = NextSeal();
    net::ByteWriter header;
    header.Uint8(static_cast<uint8_t>(MessageType::kEncrypt));
    header.Uint32(
        static_cast<uint32_t>(SealedSize(seal.version, stream.size())));
    const Bytes aad = Join(header.bytes(), AsBytes(options_.label));
    stream = Join(header.bytes(), Seal(seal, stream, aad));
  }
  if (direction == Direction::kResponse) return stream;
  return Join(LabelHeader(options_.label), stream);
}

absl::StatusOr<StreamMessage> Codec::DecodeStream(
    absl::Span<const uint8_t> received, Direction direction,
    StreamProgress* progress) const {
  LB_ASSIGN_OR_RETURN(WholeStream whole,
                      OpenStream(received, direction, progress));
  if (auto* message = std::get_if<StreamMessage>(&whole)) {
    return std::move(*message);
  }
  while (true) {
    LB_ASSIGN_OR_RETURN(auto message, std::get<StreamInflation>(whole).Step());
    if (message) return *std::move(message);
  }
}

absl::StatusOr<Codec::WholeStream> Codec::OpenStream(
    absl::Span<const uint8_t> received, Direction direction,
    StreamProgress* progress) const {
  Labelled labelled = {.rest = received};
  if (direction == Direction::kRequest) {
    if (received.empty()) return absl::UnavailableError("stream: cut short");
    LB_ASSIGN_OR_RETURN(labelled, SplitLabel(received));
    LB_RETURN_IF_ERROR(CheckLabel(options_, labelled.label));
  }
  absl::StatusOr<WholeStream> message = ReadStream(labelled.rest, progress);
  if (absl::IsUnavailable(message.status()) &&
      received.size() > kStreamSizeMax + kStreamHeadersMax) {
    return absl::ResourceExhaustedError(
        fmt::format("stream: {} bytes and no end, want at most {}",
                    received.size(), kStreamSizeMax));
  }
  return message;
}

std::optional<Mismatch> Codec::StreamMismatch(
    absl::Span<const uint8_t> received, Direction direction) const {
  Labelled labelled = {.rest = received};
  if (direction == Direction::kRequest) {
    const absl::StatusOr<Labelled> split = SplitLabel(received);
    if (!split.ok()) return std::nullopt;
    labelled = *split;
  }
  const absl::Span<const uint8_t> stream = labelled.rest;
  const bool is_sealed =
      StartsWith(stream, MessageType::kEncrypt) &&
      LooksSealed(stream.subspan(std::min(stream.size(), kFrameHeaderSize)));
  if (!is_sealed && !LooksPlainStream(stream)) return std::nullopt;
  if (direction == Direction::kRequest &&
      !CheckLabel(options_, labelled.label).ok()) {
    return Mismatch::kOtherLabel;
  }
  if (keyring_.empty()) {
    return is_sealed ? std::optional(Mismatch::kOursClear) : std::nullopt;
  }
  return is_sealed ? Mismatch::kOtherKey : Mismatch::kTheirsClear;
}

absl::StatusOr<Codec::WholeStream> Codec::ReadStream(
    absl::Span<const uint8_t> stream, StreamProgress* progress) const {
  if (stream.empty()) return absl::UnavailableError("stream: cut short");
  if (!StartsWith(stream, MessageType::kEncrypt)) {
    if (!keyring_.empty() && options_.verify_incoming) {
      return absl::UnauthenticatedError(
          "encryption is configured but remote state is not encrypted");
    }
    if (!progress->IsWhole(stream)) {
      return absl::UnavailableError("stream: cut short");
    }
    return ReadPlainStream(stream);
  }
  if (keyring_.empty()) {
    return absl::UnauthenticatedError(
        "remote state is encrypted and encryption is not configured");
  }
  net::ByteReader in(stream.subspan(1));
  const size_t size = in.Uint32();
  if (size > kStreamSizeMax) {
    return absl::ResourceExhaustedError(fmt::format(
        "encrypted frame: {} bytes, want at most {}", size, kStreamSizeMax));
  }
  const absl::Span<const uint8_t> sealed = in.Take(size);
  if (!in.ok()) return absl::UnavailableError("encrypted frame: cut short");
  const Bytes aad =
      Join(stream.first(kFrameHeaderSize), AsBytes(options_.label));
  LB_ASSIGN_OR_RETURN(const Bytes plain, Open(keyring_, sealed, aad));
  absl::StatusOr<WholeStream> message = ReadPlainStream(plain);
  if (!message.ok()) return AsFinal(message.status());
  return message;
}

bool Codec::EncryptsOutgoing() const {
  return !keyring_.empty() && options_.verify_outgoing;
}

SealOptions Codec::NextSeal() const {
  return {.version = VersionFor(options_),
          .key = keyring_.keys().front(),
          .nonce = nonces_()};
}

}  // namespace lb::gossip::wire
