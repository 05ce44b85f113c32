#include "daemon/gossip_secret.h"

#include <fmt/format.h>

#include <string_view>

#include "lb/base/status_macros.h"
#include "lb/config/text_file.h"

namespace lb {
namespace {

constexpr size_t kSecretSizeMax = 4096;

}  // namespace

absl::StatusOr<gossip::wire::Keyring> ReadGossipSecret(
    const std::string& path, gossip::wire::KeyDerivation derivation) {
  const auto refuse = [&](absl::StatusCode code, std::string_view why) {
    return absl::Status(code,
                        fmt::format("gossip-secret-file: {}: {}", path, why));
  };
  const auto secret = config::ReadTextFile(path, kSecretSizeMax);
  if (!secret.ok()) {
    return refuse(secret.status().code(),
                  std::string(secret.status().message()));
  }
  if (secret->empty()) {
    return refuse(absl::StatusCode::kInvalidArgument,
                  fmt::format("empty, want 1 to {} bytes", kSecretSizeMax));
  }
  gossip::wire::Keyring keyring;
  LB_RETURN_IF_ERROR(keyring.AddSecret(*secret, derivation));
  return keyring;
}

}  // namespace lb
