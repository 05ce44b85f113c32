// Keyring: the AES keys of a cluster; the first one encrypts, all decrypt.
//
// Rotation without loss: Add the new key on all nodes, Use it on all, Remove
// the old one on all. A secret stands for two keys, one of each derivation; so
// nodes that encrypt with either one understand each other.
#ifndef LB_GOSSIP_WIRE_KEYRING_H_
#define LB_GOSSIP_WIRE_KEYRING_H_

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

// How a key is made of a secret. A trailing newline belongs to the secret.
enum class KeyDerivation {
  // MetalLB 0.16.2 and later: SHA-256 of the secret.
  kSha256,
  // MetalLB 0.13.13 to 0.16.1: the first 32 bytes of the secret followed by
  // SHA-256 of nothing. A secret of 22 characters gives a key with the entropy
  // of the 22.
  kLegacy,
};

std::string_view ToString(KeyDerivation derivation);  // "sha256", "legacy"

Bytes MetallbKey(std::string_view secret, KeyDerivation derivation);

class Keyring {
 public:
  // Appends; OK if present. InvalidArgument unless 16, 24 or 32 bytes.
  absl::Status Add(Bytes key);
  // Makes it the primary key. NotFound: not in the ring.
  absl::Status Use(const Bytes& key);
  // OK if absent. FailedPrecondition: it is the primary key.
  absl::Status Remove(const Bytes& key);

  // The same for both keys of a secret. The first secret of an empty ring
  // encrypts, by `derivation`; later ones only decrypt.
  absl::Status AddSecret(std::string_view secret, KeyDerivation derivation);
  absl::Status UseSecret(std::string_view secret, KeyDerivation derivation);
  // A key that another secret has too stays.
  absl::Status RemoveSecret(std::string_view secret);
  bool HasSecret(std::string_view secret) const;
  size_t secret_count() const { return secrets_.size(); }

  bool empty() const { return keys_.empty(); }
  // Primary first.
  const std::vector<Bytes>& keys() const { return keys_; }

 private:
  using SecretKeys = std::array<Bytes, 2>;  // By KeyDerivation.

  static SecretKeys KeysOf(std::string_view secret);

  std::vector<Bytes> keys_;
  std::vector<SecretKeys> secrets_;
};

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_KEYRING_H_
