// PosixSockets: opens the UDP and TCP sockets of this machine.
//
//   PosixLoop own_loop;
//   PosixSockets sockets(&own_loop);
//   LB_ASSIGN_OR_RETURN(auto bfd, sockets.Bind({address, 3784}, {.ttl = 255}));
//
// It keeps nothing of what it opens. Loop thread only.
#ifndef LB_IO_POSIX_POSIX_SOCKETS_H_
#define LB_IO_POSIX_POSIX_SOCKETS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/socket_options.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class PosixSockets final : public DatagramFactory, public StreamFactory {
 public:
  // `loop` must outlive it and all that it opens.
  explicit PosixSockets(PosixLoop* loop) : loop_(loop) {}

  absl::StatusOr<std::unique_ptr<DatagramTransport>> Bind(
      const net::Endpoint& at, const SocketOptions& options) override;
  absl::StatusOr<std::unique_ptr<DatagramListener>> BindListener(
      const net::Endpoint& at, const SocketOptions& options) override;
  absl::StatusOr<std::unique_ptr<StreamTransport>> Listen(
      const net::Endpoint& at, const StreamOptions& options) override;
  absl::StatusOr<std::unique_ptr<StreamDialer>> MakeDialer(
      const net::IpAddress& source, const StreamOptions& options) override;

 private:
  PosixLoop* const loop_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_POSIX_SOCKETS_H_
