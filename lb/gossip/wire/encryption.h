// AES-GCM around a packet or a stream's payload:
//   version u8 | nonce 12 | ciphertext | tag 16
//
// Version 0 pads the plaintext to whole blocks of 16 (PKCS#7, always at least
// one byte), version 1 does not. The additional authenticated data (`aad`) is
// not in the payload: a packet's label, a stream's frame header and label.
#ifndef LB_GOSSIP_WIRE_ENCRYPTION_H_
#define LB_GOSSIP_WIRE_ENCRYPTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

enum class EncryptionVersion : uint8_t { kPadded = 0, kUnpadded = 1 };

using Nonce = std::array<uint8_t, 12>;

// The words in which memberlist says so, which may go out in its error message.
inline constexpr std::string_view kNoKeyOpens =
    "no installed keys could decrypt the message";

// The most that `version` adds: 45 or 29 bytes.
size_t EncryptionOverhead(EncryptionVersion version);

// The size of what Seal makes of `plain_size` bytes.
size_t SealedSize(EncryptionVersion version, size_t plain_size);

struct SealOptions {
  EncryptionVersion version;
  absl::Span<const uint8_t> key;  // 16, 24 or 32 bytes.
  Nonce nonce;                    // Never twice under one key.
};

// REQUIRES: `plain` is not empty (a real node that opens it would crash).
Bytes Seal(const SealOptions& options, absl::Span<const uint8_t> plain,
           absl::Span<const uint8_t> aad);

// Tries the keys in their order; takes both versions. Unauthenticated: no key
// opens it, or it is no such payload at all. InvalidArgument: opened, but empty
// or wrongly padded.
absl::StatusOr<Bytes> Open(const Keyring& keyring,
                           absl::Span<const uint8_t> payload,
                           absl::Span<const uint8_t> aad);

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_ENCRYPTION_H_
