// SocketOptions and StreamOptions: the settings with which a socket is opened.
//
//   // A BGP peer on this link, with a password and TTL security.
//   const StreamOptions options = {
//       .socket = {.interface = "eth0", .ttl = 255, .min_ttl = 255},
//       .md5_keys = {{.peer = router, .key = "password"}}};
//
// Plain values. Where a socket is bound is no option: Bind(), Listen() and
// MakeDialer() take it.
#ifndef LB_IO_SOCKET_OPTIONS_H_
#define LB_IO_SOCKET_OPTIONS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace lb::io {

// What Linux takes as the name of an interface (IFNAMSIZ, less the zero).
inline constexpr size_t kInterfaceNameSizeMax = 15;
// TCP_MD5SIG_MAXKEYLEN of Linux.
inline constexpr size_t kMd5KeySizeMax = 80;
// Keys of one socket.
inline constexpr size_t kMd5KeysMax = 64;
// The TTL of a socket without one of its own, and of a kernel's refusals.
inline constexpr int kDefaultTtl = 64;
// CS6 (RFC 4594 section 3.1): BGP, BFD.
inline constexpr int kTosNetworkControl = 0xc0;

// For UDP and TCP, IPv4 (TTL) and IPv6 (hop limit).
struct SocketOptions {
  // Packets come and go by this interface only. Empty: by any.
  std::string interface;
  // The TTL of sent packets, 1 to 255. 0: kDefaultTtl.
  int ttl = 0;
  // Packets that arrive with a lower TTL are dropped without an answer
  // (RFC 5082): 255 lets in what came from the same link. 0: any TTL will do.
  int min_ttl = 0;
  // The byte of DSCP and ECN in sent packets (IPv4's TOS, IPv6's traffic
  // class), 0 to 255; kTosNetworkControl for what keeps the network together.
  int tos = 0;

  friend bool operator==(const SocketOptions&, const SocketOptions&) = default;
};

// Each segment to and from `peer` is signed with the key (RFC 2385). The kernel
// drops what is signed otherwise, or not at all, without an answer: a dialer
// whose key differs meets its deadline.
struct Md5Key {
  net::IpAddress peer;
  std::string key;  // 1 to kMd5KeySizeMax bytes.
};

struct StreamOptions {
  SocketOptions socket;
  // One for each peer that has one. Streams to other peers are not signed.
  std::vector<Md5Key> md5_keys;
  // A stream breaks (Unavailable) when the peer's host has acknowledged nothing
  // of what was sent for so long. In whole milliseconds; 0: the kernel's own
  // time, some 15 minutes.
  absl::Duration user_timeout = absl::ZeroDuration();
};

// InvalidArgument names the first option that is out of range.
absl::Status Validate(const SocketOptions& options);
// The same, and InvalidArgument if a socket at `local` cannot have a peer of a
// key's family, or two keys are for one peer.
absl::Status Validate(const StreamOptions& options,
                      const net::IpAddress& local);

// The key of that peer. Null: its segments are not signed.
const Md5Key* FindMd5Key(const StreamOptions& options,
                         const net::IpAddress& peer);

}  // namespace lb::io

#endif  // LB_IO_SOCKET_OPTIONS_H_
