#include "lb/io/posix/posix_sockets.h"

#include "lb/base/status_macros.h"
#include "lb/io/posix/tcp_dialer.h"
#include "lb/io/posix/tcp_transport.h"
#include "lb/io/posix/udp_listener.h"
#include "lb/io/posix/udp_transport.h"

namespace lb::io {

absl::StatusOr<std::unique_ptr<DatagramTransport>> PosixSockets::Bind(
    const net::Endpoint& at, const SocketOptions& options) {
  return UdpTransport::Create(loop_, at, options);
}

absl::StatusOr<std::unique_ptr<DatagramListener>> PosixSockets::BindListener(
    const net::Endpoint& at, const SocketOptions& options) {
  return UdpListener::Create(loop_, at, options);
}

absl::StatusOr<std::unique_ptr<StreamTransport>> PosixSockets::Listen(
    const net::Endpoint& at, const StreamOptions& options) {
  return TcpTransport::Create(loop_, at, options);
}

absl::StatusOr<std::unique_ptr<StreamDialer>> PosixSockets::MakeDialer(
    const net::IpAddress& source, const StreamOptions& options) {
  LB_RETURN_IF_ERROR(Validate(options, source));
  return std::make_unique<TcpDialer>(loop_, source, options);
}

}  // namespace lb::io
