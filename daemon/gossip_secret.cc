#include "daemon/gossip_secret.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>

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
    return refuse(
        secret.status().code(),
        fmt::format(
            "{}{}", std::string(secret.status().message()),
            absl::IsPermissionDenied(secret.status())
                ? fmt::format("; it wants to be lbd's: chown lbd:lbd {}", path)
                : ""));
  }
  if (secret->empty()) {
    return refuse(absl::StatusCode::kInvalidArgument,
                  fmt::format("empty, want 1 to {} bytes", kSecretSizeMax));
  }
  gossip::wire::Keyring keyring;
  LB_RETURN_IF_ERROR(keyring.AddSecret(*secret, derivation));
  return keyring;
}

std::optional<GossipWeakness> FindGossipWeakness(const Options& options) {
  if (options.gossip.secret_file.empty()) {
    return GossipWeakness{"GossipInTheClear",
                          "every host that reaches the gossip port can speak "
                          "for any node; want --gossip-secret-file FILE"};
  }
  std::error_code error;
  const auto size =
      std::filesystem::file_size(options.gossip.secret_file, error);
  if (error || size >= kSecretSizeWanted) return std::nullopt;
  return GossipWeakness{
      "GossipSecretShort",
      fmt::format("{}: {} bytes, which can be guessed; want {} or more, as "
                  "\"lbctl secret new FILE\" makes them, on all nodes",
                  options.gossip.secret_file, size, kSecretSizeWanted)};
}

}  // namespace lb
