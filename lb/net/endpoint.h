// Endpoint: an IP address and a UDP or TCP port.
#ifndef LB_NET_ENDPOINT_H_
#define LB_NET_ENDPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"

namespace lb::net {

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;

  std::string ToString() const;  // "10.0.0.1:7946", "[2001:db8::1]:7946"

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// Reads "10.0.0.1:80", "[2001:db8::1]:80" and, with `default_port`, a bare
// address of either family. InvalidArgument names the text and what was wanted.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text,
                                       uint16_t default_port);

}  // namespace lb::net

#endif  // LB_NET_ENDPOINT_H_
