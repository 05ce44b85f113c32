// BindUdp: a kernel UDP socket with its options, bound.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_UDP_SOCKET_H_
#define LB_IO_POSIX_UDP_SOCKET_H_

#include <string>

#include "absl/status/statusor.h"
#include "asio/ip/udp.hpp"
#include "lb/io/socket_options.h"
#include "lb/net/endpoint.h"

namespace lb::io {

// How errors name a socket at `at`.
std::string PlaceOf(const net::Endpoint& at);

// Opens and binds `socket`, with the errors of DatagramFactory::Bind(). Returns
// where it is bound. At [::] it is one of both families.
absl::StatusOr<net::Endpoint> BindUdp(asio::ip::udp::socket& socket,
                                      const net::Endpoint& at,
                                      const SocketOptions& options);

}  // namespace lb::io

#endif  // LB_IO_POSIX_UDP_SOCKET_H_
