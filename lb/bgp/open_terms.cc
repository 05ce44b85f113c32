#include "lb/bgp/open_terms.h"

#include <algorithm>
#include <optional>

namespace lb::bgp {
namespace {

constexpr uint16_t kHoldSecondsMin = 3;
constexpr absl::Duration kKeepaliveMin = absl::Seconds(1);

// Without restart_time it names no family: it promises an End-of-RIB.
wire::GracefulRestart GracefulRestartOf(const PeerOptions& options,
                                        const RestartClaim& claim) {
  if (!options.restart_time) return {};
  return {.restarted = claim.restarted,
          .seconds = static_cast<uint16_t>(
              absl::ToInt64Seconds(*options.restart_time)),
          .families = options.families,
          .forwarding_kept =
              claim.forwarding_kept ? options.families : net::IpFamilies()};
}

bool IsWanted(const PeerOptions& options, Asn asn) {
  switch (options.peer_as.rule) {
    case PeerAsRule::kThis:
      return asn == options.peer_as.asn;
    case PeerAsRule::kInternal:
      return asn == options.own_asn;
    case PeerAsRule::kExternal:
      return asn != options.own_asn;
  }
  return false;
}

bool HasRestart(const wire::Capabilities& capabilities) {
  return capabilities.graceful_restart &&
         !capabilities.graceful_restart->families.empty();
}

absl::Duration KeepaliveTime(const PeerOptions& options, absl::Duration hold) {
  if (hold == absl::ZeroDuration()) return hold;
  const absl::Duration longest = std::max(hold / 3, kKeepaliveMin);
  return std::min(options.keepalive_time.value_or(longest), longest);
}

}  // namespace

wire::Open OpenFor(const PeerOptions& options, const OpenTerms& terms) {
  wire::Open open = {.as_field = wire::AsField(options.own_asn),
                     .hold_seconds = static_cast<uint16_t>(
                         absl::ToInt64Seconds(options.hold_time)),
                     .identifier = terms.identifier};
  if (terms.capabilities == CapabilityUse::kPlain) return open;
  open.capabilities = wire::Capabilities{
      .multiprotocol = true,
      .families = options.families,
      .route_refresh = true,
      .ipv4_by_ipv6_next_hop =
          options.families.ipv4 && options.address.is_ipv6(),
      .graceful_restart = GracefulRestartOf(options, terms.restart),
      .asn = options.own_asn,
      .enhanced_route_refresh = true};
  return open;
}

wire::Result<Agreement> Judge(const PeerOptions& options,
                              const wire::Open& ours,
                              const wire::Open& theirs) {
  const Asn asn = theirs.asn();
  if (asn.number == 0 || !IsWanted(options, asn)) {
    return wire::Fault(wire::OpenSubcode::kBadPeerAs);
  }
  const bool internal = asn == options.own_asn;
  if (theirs.identifier == 0 ||
      (internal && theirs.identifier == ours.identifier)) {
    return wire::Fault(wire::OpenSubcode::kBadIdentifier);
  }
  if (theirs.hold_seconds != 0 && theirs.hold_seconds < kHoldSecondsMin) {
    return wire::Fault(wire::OpenSubcode::kUnacceptableHoldTime);
  }
  const net::IpFamilies mine = ours.families();
  const net::IpFamilies other = theirs.families();
  const net::IpFamilies families = {.ipv4 = mine.ipv4 && other.ipv4,
                                    .ipv6 = mine.ipv6 && other.ipv6};
  if (families.empty()) {
    return wire::Fault(
        wire::OpenSubcode::kUnsupportedCapability,
        wire::EncodeCapabilities({.multiprotocol = true, .families = mine}));
  }
  const wire::Capabilities offered =
      ours.capabilities.value_or(wire::Capabilities());
  const wire::Capabilities answered =
      theirs.capabilities.value_or(wire::Capabilities());
  const absl::Duration hold =
      absl::Seconds(std::min(ours.hold_seconds, theirs.hold_seconds));
  return Agreement{
      .peer_asn = asn,
      .peer_identifier = theirs.identifier,
      .internal = internal,
      .four_octet_as = ours.four_octet_as() && theirs.four_octet_as(),
      .ipv4_by_ipv6_next_hop =
          offered.ipv4_by_ipv6_next_hop && answered.ipv4_by_ipv6_next_hop,
      .enhanced_refresh =
          offered.enhanced_route_refresh && answered.enhanced_route_refresh,
      .graceful_restart = HasRestart(offered) && HasRestart(answered),
      .families = families,
      .hold_time = hold,
      .keepalive_time = KeepaliveTime(options, hold)};
}

}  // namespace lb::bgp
