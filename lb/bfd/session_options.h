// SessionKey: which session; SessionOptions: how it is to be kept.
//
//   const SessionKey key = {.remote = router, .interface = "eth0"};
//   const SessionOptions options = {
//       .desired_min_tx = absl::Milliseconds(50),
//       .required_min_rx = absl::Milliseconds(50)};
//   LB_RETURN_IF_ERROR(Validate(key, options));
//
// A key that differs is another session; options change under a session that
// lives. Plain values.
#ifndef LB_BFD_SESSION_OPTIONS_H_
#define LB_BFD_SESSION_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace lb::bfd {

// How far the peer may be.
enum class Hops : uint8_t {
  kSingle,  // On the same link (RFC 5881): port 3784.
  kMulti,   // Behind routers (RFC 5883): port 4784.
};

constexpr uint16_t PortOf(Hops hops) {
  return hops == Hops::kSingle ? 3784 : 4784;
}

struct SessionKey {
  Hops hops = Hops::kSingle;
  net::IpAddress remote;
  // The address of this host that the peer knows. Nullopt: the one that the
  // kernel chooses.
  std::optional<net::IpAddress> local;
  // Packets come and go by it. Empty: by any. A remote link-local address of
  // IPv6 needs one.
  std::string interface;

  // "10.0.0.1", "multihop 10.0.0.1", "fe80::1 on eth0", "10.0.0.1 from
  // 10.0.0.2".
  std::string ToString() const;

  friend auto operator<=>(const SessionKey&, const SessionKey&) = default;
};

// The limits and defaults of MetalLB's BFDProfile.
inline constexpr absl::Duration kSessionIntervalMin = absl::Milliseconds(10);
inline constexpr absl::Duration kSessionIntervalMax = absl::Seconds(60);

struct SessionOptions {
  // Packets are sent no faster than this, nor wanted faster.
  absl::Duration desired_min_tx = absl::Milliseconds(300);
  absl::Duration required_min_rx = absl::Milliseconds(300);
  // How many packets of ours the peer may miss before it takes us for dead.
  int detect_multiplier = 3;  // 1 to 255.
  // For Hops::kMulti: packets that arrive with less are dropped. A single hop
  // wants 255, always.
  int minimum_ttl = 254;  // 1 to 255.
  // Sends nothing before the peer has sent something.
  bool passive = false;
  // Tells the peer that the session is down on purpose.
  bool admin_down = false;

  friend bool operator==(const SessionOptions&,
                         const SessionOptions&) = default;
};

// InvalidArgument names the session and the first field that is out of range.
absl::Status Validate(const SessionKey& key, const SessionOptions& options);

}  // namespace lb::bfd

#endif  // LB_BFD_SESSION_OPTIONS_H_
