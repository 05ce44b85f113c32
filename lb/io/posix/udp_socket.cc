#include "lb/io/posix/udp_socket.h"

#include "asio/ip/v6_only.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/apply_options.h"
#include "lb/io/posix/asio_endpoint.h"

namespace lb::io {
namespace {

using asio::ip::udp;

constexpr int kReceiveBufferSize = 2 << 20;

}  // namespace

std::string PlaceOf(const net::Endpoint& at) {
  return fmt::format("udp {}", at.ToString());
}

absl::StatusOr<net::Endpoint> BindUdp(udp::socket& socket,
                                      const net::Endpoint& at,
                                      const SocketOptions& options) {
  LB_RETURN_IF_ERROR(Validate(options));
  const std::string place = PlaceOf(at);
  const udp::endpoint endpoint = ToAsio<udp::endpoint>(at);
  asio::error_code error;
  socket.open(endpoint.protocol(), error);
  if (error) return Unavailable(place, error);
  if (at.address.is_ipv6()) {
    socket.set_option(asio::ip::v6_only(!at.address.is_unspecified()), error);
    if (error) return Unavailable(place, error);
  }
  // The kernel gives what it allows; less is no error.
  socket.set_option(udp::socket::receive_buffer_size(kReceiveBufferSize),
                    error);
  socket.non_blocking(true, error);
  if (error) return Unavailable(place, error);
  LB_RETURN_IF_ERROR(
      ApplyOptions(socket.native_handle(), at.address, options, place));
  socket.bind(endpoint, error);
  if (error) return BindError(place, error);
  const udp::endpoint bound = socket.local_endpoint(error);
  if (error) return Unavailable(place, error);
  return net::Endpoint{at.address, bound.port()};
}

}  // namespace lb::io
