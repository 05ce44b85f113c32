// Codec: memberlist messages to bytes and back, with all layers around them
// (label, encryption, checksum, compression, compound).
//
// Holds options and keys, no protocol state. One thread. Its input is hostile:
// every length is checked before it is used, nothing is allocated for announced
// bytes before they arrive, and decompression stops at a stated maximum.
//
//   const Codec codec(options, keyring, nonces);  // 12 random bytes each.
//   auto packet = codec.EncodePacket({EncodeMessage(ping)}, Checksum::kNone);
//   auto messages = codec.DecodePacket(received);
#ifndef LB_GOSSIP_WIRE_CODEC_H_
#define LB_GOSSIP_WIRE_CODEC_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/stream_inflation.h"
#include "lb/gossip/wire/stream_progress.h"

namespace lb::gossip::wire {

// Decompressed output, whole streams, and declared lengths are refused above
// this (20 MiB, as memberlist's own limit).
inline constexpr size_t kStreamSizeMax = 20 << 20;

// Bounds on the work for one datagram. Real senders nest two layers (a compound
// in a compressed message) and at most 255 messages, and compress at most the
// 64 KiB of a datagram.
inline constexpr int kPacketNestingMax = 3;  // Compounds and compression.
inline constexpr int kPacketPartsMax = 256;  // In compounds, nested ones too.
inline constexpr size_t kPacketInflatedMax = 128 << 10;  // In all.

// Type byte and body of one message, bare.
Bytes EncodeMessage(const Message& message);

// How the layers are put on and taken off. Each is a field of memberlist's
// Config; lbd sets only the label, and applications may set all.
struct CodecOptions {
  std::string label;  // At most 255 bytes; empty: none.
  // The transport takes the label off before; one that is left is refused.
  bool skip_inbound_label_check = false;
  bool compress = true;
  // Keys in use? See Keyring; an empty ring means plaintext.
  bool verify_incoming = true;   // Refuse plaintext although there are keys.
  bool verify_outgoing = true;   // Encrypt what we send.
  uint8_t protocol_version = 2;  // 1: encryption version 0 (padded).
};

enum class Checksum { kNone, kCrc32 };

// Why a peer and this node do not read each other.
enum class Mismatch {
  kOtherKey,     // No key here opens what it sends.
  kTheirsClear,  // It sends in the clear, and this node wants encryption.
  kOursClear,    // It encrypts, and this node has no key.
  kOtherLabel,
  kOursRefused,  // It says that none of its keys opens what this node sends.
};

std::string_view ToString(Mismatch mismatch);  // Its subject is "it".

// Gives 12 bytes that never repeat under one key; random ones in practice.
using NonceSource = std::function<Nonce()>;

class Codec {
 public:
  Codec(const CodecOptions& options, Keyring keyring, NonceSource nonces);

  // One datagram of bare messages (from EncodeMessage), in their order: as they
  // are if one, as a compound if several. REQUIRES: 1..255 of them, each at
  // most 65535 bytes.
  Bytes EncodePacket(absl::Span<const Bytes> messages, Checksum checksum) const;

  // The bytes that EncodePacket may add to the messages' own and to 2 bytes for
  // each and 2 for the compound: label and encryption.
  size_t packet_overhead() const;

  // The messages of a datagram, in order. A damaged or unknown part is left out
  // and counted; a datagram of which nothing can be read is InvalidArgument
  // (malformed), Unauthenticated (no key opens it, plaintext although keys are
  // required), FailedPrecondition (another label) or ResourceExhausted (above
  // one of the kPacket limits; what was read before the limit is kept).
  struct Packet {
    std::vector<Message> messages;
    int parts_refused = 0;
  };
  absl::StatusOr<Packet> DecodePacket(absl::Span<const uint8_t> payload) const;

  // Why DecodePacket() refused a datagram, if it looks like gossip. Nullopt:
  // garbage, which any host may send.
  std::optional<Mismatch> PacketMismatch(
      absl::Span<const uint8_t> payload) const;

  // A whole stream side: what one end writes before it waits or closes. Only
  // requests (initiator's side) carry the label header. Peers refuse a frame
  // above kStreamSizeMax. REQUIRES: user state and user messages within it.
  enum class Direction { kRequest, kResponse };
  Bytes EncodeStream(const StreamMessage& message, Direction direction) const;
  // The same for a message from SerializeStreamMessage(). A caller may so do
  // the two halves of the work on a large message at two times.
  Bytes EncodeSerialized(Bytes stream, Direction direction) const;

  // Reads one message off what has arrived of a stream so far; bytes after it
  // are ignored. A compressed one is still to be inflated. Unavailable:
  // incomplete, call again with more. Other errors as for DecodePacket;
  // ResourceExhausted: a declared length, or all that has arrived, above
  // kStreamSizeMax. The three Unauthenticated texts are what memberlist sends
  // in its error message; send them likewise.
  //
  // `progress` is the stream's own, new with it; so the work grows with what
  // arrives, not with the number of pieces.
  using WholeStream = std::variant<StreamMessage, StreamInflation>;
  absl::StatusOr<WholeStream> OpenStream(absl::Span<const uint8_t> received,
                                         Direction direction,
                                         StreamProgress* progress) const;
  // The same with all of the inflation. Without `progress`, it is a new stream.
  absl::StatusOr<StreamMessage> DecodeStream(absl::Span<const uint8_t> received,
                                             Direction direction,
                                             StreamProgress* progress) const;
  absl::StatusOr<StreamMessage> DecodeStream(absl::Span<const uint8_t> received,
                                             Direction direction) const {
    StreamProgress progress;
    return DecodeStream(received, direction, &progress);
  }

  // As PacketMismatch(), of what arrived on a stream that DecodeStream()
  // refused.
  std::optional<Mismatch> StreamMismatch(absl::Span<const uint8_t> received,
                                         Direction direction) const;

  Keyring& keyring() { return keyring_; }

 private:
  absl::StatusOr<WholeStream> ReadStream(absl::Span<const uint8_t> stream,
                                         StreamProgress* progress) const;
  bool EncryptsOutgoing() const;
  SealOptions NextSeal() const;

  CodecOptions options_;
  Keyring keyring_;
  NonceSource nonces_;
};

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_CODEC_H_
