// HostPort: a peer as a person writes it: an address or a host name, and a
// port.
//
//   ParseHostPort("n2", 7946)          the name n2, port 7946
//   ParseHostPort("[fd00::2]:9", 7946) the address fd00::2, port 9
#ifndef LB_NET_HOST_PORT_H_
#define LB_NET_HOST_PORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::net {

struct HostPort {
  std::string host;  // A name, or the address as text.
  uint16_t port = 0;
  std::optional<IpAddress> address;  // Nullopt: `host` is a name.
  std::string text;                  // As it was written, for messages.

  HostPort() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): an endpoint is one.
  HostPort(const Endpoint& endpoint)
      : host(endpoint.address.ToString()),
        port(endpoint.port),
        address(endpoint.address),
        text(endpoint.ToString()) {}

  // "n2:7946", "[fd00::2]:9"
  std::string ToString() const;

  // `text` does not count.
  friend bool operator==(const HostPort& a, const HostPort& b) {
    return a.host == b.host && a.port == b.port && a.address == b.address;
  }
};

// Reads what ParseEndpoint() reads, and "name" and "name:port". A name has
// labels of letters, digits, '-' and '_', and its last label is no number.
// InvalidArgument names the text and what was wanted.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text,
                                       uint16_t default_port);

// InvalidArgument: `text` is an IPv6 address and a port without brackets, such
// as "fd00::1:7946"; the message says what to write instead. Such a text can
// also be a plain address, so it is refused only if its last group is
// `usual_port`.
absl::Status CheckBrackets(std::string_view text, uint16_t usual_port);

}  // namespace lb::net

#endif  // LB_NET_HOST_PORT_H_
