#include "lb/bgp/peer.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::bgp {
namespace {

constexpr size_t kPasswordSizeMax = 80;  // Of Linux, TCP_MD5SIG_MAXKEYLEN.
constexpr size_t kInterfaceSizeMax = 15;
constexpr absl::Duration kHoldTimeMin = absl::Seconds(3);
constexpr absl::Duration kConnectTimeMax = absl::Seconds(65535);
constexpr absl::Duration kSendHoldMin = absl::Seconds(30);

absl::Status Fault(const PeerOptions& peer, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("peer {}: {}", peer.name, what));
}

bool IsWholeSeconds(absl::Duration time) {
  return time == absl::Floor(time, absl::Seconds(1));
}

absl::Status CheckAddresses(const PeerOptions& peer) {
  if (peer.address.is_unspecified() || peer.address.is_multicast()) {
    return Fault(peer, fmt::format("address: {}, want that of one host",
                                   peer.address.ToString()));
  }
  if (peer.port == 0) return Fault(peer, "port: 0, want 1 to 65535");
  if (peer.interface.size() > kInterfaceSizeMax) {
    return Fault(peer, fmt::format("interface: \"{}\", want at most {} bytes",
                                   peer.interface, kInterfaceSizeMax));
  }
  if (peer.address.is_ipv6() && peer.address.is_link_local() &&
      peer.interface.empty()) {
    return Fault(peer, fmt::format("address: {} is link-local, want an "
                                   "interface beside it",
                                   peer.address.ToString()));
  }
  if (peer.source && (peer.source->family() != peer.address.family() ||
                      peer.source->is_unspecified())) {
    return Fault(peer, fmt::format("source: {}, want one address of {}",
                                   peer.source->ToString(),
                                   net::ToString(peer.address.family())));
  }
  return absl::OkStatus();
}

absl::Status CheckNumbers(const PeerOptions& peer) {
  if (peer.own_asn.number == 0) return Fault(peer, "own AS: 0, want 1 or more");
  if (peer.peer_as.rule == PeerAsRule::kThis && peer.peer_as.asn.number == 0) {
    return Fault(peer, "peer AS: 0, want 1 or more");
  }
  if (peer.identifier == 0) return Fault(peer, "identifier: 0, want another");
  if (peer.password.size() > kPasswordSizeMax) {
    return Fault(peer, fmt::format("password: {} bytes, want at most {}",
                                   peer.password.size(), kPasswordSizeMax));
  }
  if (peer.min_ttl < 0 || peer.min_ttl > 255) {
    return Fault(peer, fmt::format("min_ttl: {}, want 0 to 255", peer.min_ttl));
  }
  if (peer.families.empty()) return Fault(peer, "families: none, want one");
  return absl::OkStatus();
}

absl::Status CheckTimes(const PeerOptions& peer) {
  const absl::Duration hold = peer.hold_time;
  const bool is_in_range =
      hold == absl::ZeroDuration() ||
      (hold >= kHoldTimeMin && hold <= PeerOptions::kHoldTimeMax);
  if (!is_in_range || !IsWholeSeconds(hold)) {
    return Fault(peer, fmt::format("hold time: {}, want 0s or 3s to 65535s in "
                                   "whole seconds",
                                   absl::FormatDuration(hold)));
  }
  if (peer.keepalive_time && (*peer.keepalive_time < absl::Seconds(1) ||
                              *peer.keepalive_time > hold)) {
    return Fault(peer, fmt::format("keepalive time: {}, want 1s to {}",
                                   absl::FormatDuration(*peer.keepalive_time),
                                   absl::FormatDuration(hold)));
  }
  if (peer.connect_time && (*peer.connect_time < absl::Seconds(1) ||
                            *peer.connect_time > kConnectTimeMax)) {
    return Fault(peer, fmt::format("connect time: {}, want 1s to 65535s",
                                   absl::FormatDuration(*peer.connect_time)));
  }
  if (peer.restart_time && (*peer.restart_time < absl::Seconds(1) ||
                            *peer.restart_time > PeerOptions::kRestartTimeMax ||
                            !IsWholeSeconds(*peer.restart_time))) {
    return Fault(peer, fmt::format("restart time: {}, want 1s to 4095s in "
                                   "whole seconds",
                                   absl::FormatDuration(*peer.restart_time)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const PeerOptions& options) {
  if (options.name.empty() || options.name.size() > PeerOptions::kNameSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("peer name: {} bytes, want 1 to {}", options.name.size(),
                    PeerOptions::kNameSizeMax));
  }
  LB_RETURN_IF_ERROR(CheckAddresses(options));
  LB_RETURN_IF_ERROR(CheckNumbers(options));
  return CheckTimes(options);
}

absl::Duration SendHoldTime(absl::Duration hold_time) {
  if (hold_time == absl::ZeroDuration()) return absl::ZeroDuration();
  return std::max(2 * hold_time, kSendHoldMin);
}

}  // namespace lb::bgp
