#include "lb/gossip/wire/keyring.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/check.h"

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

Bytes MetallbKey(std::string_view secret) {
  constexpr size_t kKeySize = 32;
  std::array<uint8_t, EVP_MAX_MD_SIZE> nothing_hashed;
  unsigned int size = 0;
  LB_CHECK(EVP_Digest(nullptr, 0, nothing_hashed.data(), &size, EVP_sha256(),
                      nullptr) == 1);
  Bytes key(secret.begin(), secret.end());
  key.insert(key.end(), nothing_hashed.begin(), nothing_hashed.begin() + size);
  key.resize(kKeySize);
  return key;
}

}  // namespace lb::gossip::wire
