// Conversions between our endpoints and statuses and Asio's.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_ASIO_ENDPOINT_H_
#define LB_IO_POSIX_ASIO_ENDPOINT_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "asio/error.hpp"
#include "asio/error_code.hpp"
#include "asio/ip/address.hpp"
#include "fmt/format.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::io {

inline asio::ip::address ToAsio(const net::IpAddress& address) {
  if (address.is_ipv4()) {
    return asio::ip::address_v4(static_cast<uint32_t>(address.number()));
  }
  return asio::ip::address_v6(address.ToMappedBytes());
}

inline net::IpAddress FromAsio(const asio::ip::address& address) {
  if (address.is_v4()) return net::IpAddress::Ipv4(address.to_v4().to_uint());
  return *net::IpAddress::FromBytes(address.to_v6().to_bytes());
}

template <typename AsioEndpoint>
net::Endpoint FromAsio(const AsioEndpoint& endpoint) {
  return {FromAsio(endpoint.address()), endpoint.port()};
}

template <typename AsioEndpoint>
AsioEndpoint ToAsio(const net::Endpoint& endpoint) {
  return {ToAsio(endpoint.address), endpoint.port};
}

// Where a socket bound to `local` sends to reach `to`: a socket on [::] reaches
// IPv4 too, by mapped addresses. InvalidArgument: the other family.
template <typename AsioEndpoint>
absl::StatusOr<AsioEndpoint> ToAsioFrom(const net::IpAddress& local,
                                        const net::Endpoint& to) {
  if (local.family() == to.address.family()) return ToAsio<AsioEndpoint>(to);
  if (local.is_ipv6() && local.is_unspecified()) {
    return AsioEndpoint(asio::ip::address_v6(to.address.ToMappedBytes()),
                        to.port);
  }
  return absl::InvalidArgumentError(fmt::format(
      "{}: want the family of {}", to.ToString(), local.ToString()));
}

inline absl::Status Unavailable(std::string_view place,
                                const asio::error_code& error) {
  return absl::UnavailableError(fmt::format("{}: {}", place, error.message()));
}

// The error of bind(). PermissionDenied: a port below 1024 without
// CAP_NET_BIND_SERVICE; else Unavailable.
inline absl::Status BindError(std::string_view place,
                              const asio::error_code& error) {
  if (error != asio::error::access_denied) return Unavailable(place, error);
  return absl::PermissionDeniedError(
      fmt::format("{}: {}", place, error.message()));
}

}  // namespace lb::io

#endif  // LB_IO_POSIX_ASIO_ENDPOINT_H_
