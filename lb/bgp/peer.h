// PeerOptions: how to reach one BGP peer, and what to offer it.
//
// Values and pure functions: any thread.
//
//   const PeerOptions tor = {.name = "tor-1",
//                            .address = *net::ParseIpAddress("192.0.2.1"),
//                            .own_asn = {64512},
//                            .peer_as = {.asn = {64500}}};
//   LB_RETURN_IF_ERROR(Validate(tor));
#ifndef LB_BGP_PEER_H_
#define LB_BGP_PEER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/bgp/asn.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"

namespace lb::bgp {

inline constexpr uint16_t kBgpPort = 179;

// Which AS the peer may have. Another one is refused with 2/2.
enum class PeerAsRule : uint8_t {
  kThis,      // PeerAs::asn
  kInternal,  // Our own.
  kExternal,  // Any but our own.
};

struct PeerAs {
  PeerAsRule rule = PeerAsRule::kThis;
  Asn asn;  // With kThis only.

  friend bool operator==(const PeerAs&, const PeerAs&) = default;
};

// Which end opens the connection.
enum class Opening : uint8_t {
  kDial,  // We do. Nothing listens.
  kDialAndListen,
  kListen,  // The peer does.
};

struct PeerOptions {
  static constexpr size_t kNameSizeMax = 253;
  static constexpr absl::Duration kHoldTimeMax = absl::Seconds(65535);
  static constexpr absl::Duration kRestartTimeMax = absl::Seconds(4095);

  // Names the session for the caller; a speaker has each name once.
  std::string name;
  net::IpAddress address;
  uint16_t port = kBgpPort;
  // Packets go by this interface only. A link-local address needs it.
  std::string interface;
  // The peer sees this address. None: the one that the route has.
  std::optional<net::IpAddress> source;

  Asn own_asn;
  PeerAs peer_as;
  // The BGP identifier (router id). None: the speaker chooses one.
  std::optional<uint32_t> identifier;

  // In whole seconds: 0, or 3 to 65535. 0 means neither keepalives nor a hold
  // timer, so nothing notices that the peer is gone but TCP.
  absl::Duration hold_time = absl::Seconds(90);
  // None: a third of the negotiated hold time, which is also the longest.
  std::optional<absl::Duration> keepalive_time;

  // In 1 to 65535 s: so long the waits between two dials of a peer that is away
  // become at most. None: 5 s.
  std::optional<absl::Duration> connect_time;

  std::string password;  // TCP-MD5 (RFC 2385). Empty: none.
  // Packets of the peer with a lower TTL are dropped (RFC 5082): 255 for a peer
  // on the link. 0: any.
  int min_ttl = 0;

  net::IpFamilies families = {.ipv4 = true, .ipv6 = true};
  // RFC 4724: for so long the peer keeps our routes when this process is gone
  // without a word. In whole seconds. None: it drops them at once.
  std::optional<absl::Duration> restart_time;
  Opening opening = Opening::kDial;

  net::Endpoint endpoint() const { return {address, port}; }

  friend bool operator==(const PeerOptions&, const PeerOptions&) = default;
};

// InvalidArgument names the peer and the first option that is out of range.
// The text never has the password.
absl::Status Validate(const PeerOptions& options);

// A peer that takes no byte of what was sent for so long is given up (RFC
// 9687): twice the hold time, and at least 30 s. Zero without a hold time.
absl::Duration SendHoldTime(absl::Duration hold_time);

}  // namespace lb::bgp

#endif  // LB_BGP_PEER_H_
