#include "lb/gossip/wire/keyring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/sha256.h"
#include "lb/base/status_macros.h"

namespace lb::gossip::wire {

absl::Status Keyring::Add(Bytes key) {
  if (key.size() != 16 && key.size() != 24 && key.size() != 32) {
    return absl::InvalidArgumentError(
        fmt::format("key: {} bytes, want 16, 24 or 32", key.size()));
  }
  if (std::find(keys_.begin(), keys_.end(), key) == keys_.end()) {
    keys_.push_back(std::move(key));
  }
  return absl::OkStatus();
}

absl::Status Keyring::Use(const Bytes& key) {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) {
    return absl::NotFoundError("key: not in the ring, want an added one");
  }
  std::rotate(keys_.begin(), found, found + 1);
  return absl::OkStatus();
}

absl::Status Keyring::Remove(const Bytes& key) {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) return absl::OkStatus();
  if (found == keys_.begin()) {
    return absl::FailedPreconditionError(
        "key: the primary one, want another in use first");
  }
  keys_.erase(found);
  return absl::OkStatus();
}

std::string_view ToString(KeyDerivation derivation) {
  return derivation == KeyDerivation::kLegacy ? "legacy" : "sha256";
}

Keyring::SecretKeys Keyring::KeysOf(std::string_view secret) {
  return {MetallbKey(secret, KeyDerivation::kSha256),
          MetallbKey(secret, KeyDerivation::kLegacy)};
}

bool Keyring::HasSecret(std::string_view secret) const {
  return std::find(secrets_.begin(), secrets_.end(), KeysOf(secret)) !=
         secrets_.end();
}

absl::Status Keyring::AddSecret(std::string_view secret,
                                KeyDerivation derivation) {
  if (HasSecret(secret)) return absl::OkStatus();
  const bool encrypts = empty();
  const SecretKeys& keys = secrets_.emplace_back(KeysOf(secret));
  for (const Bytes& key : keys) LB_RETURN_IF_ERROR(Add(key));
  return encrypts ? UseSecret(secret, derivation) : absl::OkStatus();
}

absl::Status Keyring::UseSecret(std::string_view secret,
                                KeyDerivation derivation) {
  return Use(MetallbKey(secret, derivation));
}

absl::Status Keyring::RemoveSecret(std::string_view secret) {
  const SecretKeys keys = KeysOf(secret);
  const auto found = std::find(secrets_.begin(), secrets_.end(), keys);
  if (found == secrets_.end()) return absl::OkStatus();
  const auto shared = [&](const Bytes& key) {
    return std::any_of(
        secrets_.begin(), secrets_.end(), [&](const SecretKeys& other) {
          return other != keys &&
                 std::find(other.begin(), other.end(), key) != other.end();
        });
  };
  for (const Bytes& key : keys) {
    if (key != keys_.front() || shared(key)) continue;
    return absl::FailedPreconditionError(
        "secret: it encrypts, want another in use first");
  }
  for (const Bytes& key : keys) {
    if (!shared(key)) LB_RETURN_IF_ERROR(Remove(key));
  }
  secrets_.erase(found);
  return absl::OkStatus();
}

Bytes MetallbKey(std::string_view secret, KeyDerivation derivation) {
  constexpr size_t kKeySize = 32;
  const std::string_view hashed =
      derivation == KeyDerivation::kSha256 ? secret : std::string_view();
  const Sha256::Digest digest = Sha256::Of(hashed);
  Bytes key;
  if (derivation == KeyDerivation::kLegacy) {
    key.assign(secret.begin(), secret.end());
  }
  key.insert(key.end(), digest.begin(), digest.end());
  key.resize(kKeySize);
  return key;
}

}  // namespace lb::gossip::wire
