#include "lb/io/socket_options.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

constexpr absl::Duration kUserTimeoutMax = absl::Hours(24);
constexpr int kByteMax = 255;

absl::Status CheckByte(std::string_view place, int value) {
  if (value >= 0 && value <= kByteMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: {}, want 0 to {}", place, value, kByteMax));
}

// A socket at [::] has peers of both families.
bool CanHavePeer(const net::IpAddress& local, const net::IpAddress& peer) {
  return local.family() == peer.family() ||
         (local.is_ipv6() && local.is_unspecified());
}

// The key itself is a secret: no text has it.
absl::Status CheckKey(const Md5Key& key, const net::IpAddress& local) {
  const std::string place = fmt::format("md5 key of {}", key.peer.ToString());
  if (key.peer.is_unspecified()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: want the address of one peer", place));
  }
  if (!CanHavePeer(local, key.peer)) {
    return absl::InvalidArgumentError(
        fmt::format("{}: want the family of {}", place, local.ToString()));
  }
  if (key.key.empty() || key.key.size() > kMd5KeySizeMax) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: {} bytes, want 1 to {}", place, key.key.size(), kMd5KeySizeMax));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const SocketOptions& options) {
  if (options.interface.size() > kInterfaceNameSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("interface: \"{}\", want at most {} bytes",
                    options.interface, kInterfaceNameSizeMax));
  }
  LB_RETURN_IF_ERROR(CheckByte("ttl", options.ttl));
  LB_RETURN_IF_ERROR(CheckByte("min_ttl", options.min_ttl));
  return CheckByte("tos", options.tos);
}

absl::Status Validate(const StreamOptions& options,
                      const net::IpAddress& local) {
  LB_RETURN_IF_ERROR(Validate(options.socket));
  if (options.md5_keys.size() > kMd5KeysMax) {
    return absl::InvalidArgumentError(fmt::format(
        "md5 keys: {}, want at most {}", options.md5_keys.size(), kMd5KeysMax));
  }
  if (options.user_timeout < absl::ZeroDuration() ||
      options.user_timeout > kUserTimeoutMax) {
    return absl::InvalidArgumentError(
        fmt::format("user_timeout: {}, want 0 to {}",
                    absl::FormatDuration(options.user_timeout),
                    absl::FormatDuration(kUserTimeoutMax)));
  }
  for (const Md5Key& key : options.md5_keys) {
    LB_RETURN_IF_ERROR(CheckKey(key, local));
    if (FindMd5Key(options, key.peer) != &key) {
      return absl::InvalidArgumentError(fmt::format(
          "md5 key of {}: want one for each peer", key.peer.ToString()));
    }
  }
  return absl::OkStatus();
}

const Md5Key* FindMd5Key(const StreamOptions& options,
                         const net::IpAddress& peer) {
  const auto found =
      std::find_if(options.md5_keys.begin(), options.md5_keys.end(),
                   [&](const Md5Key& key) { return key.peer == peer; });
  return found == options.md5_keys.end() ? nullptr : &*found;
}

}  // namespace lb::io
