// UdpListener: a DatagramListener on a kernel UDP socket.
//
// The kernel stamps datagrams by the civil clock, which may jump while one
// waits. So none counts as older than the moment when the socket was seen empty
// last, nor as younger than now.
#ifndef LB_IO_POSIX_UDP_LISTENER_H_
#define LB_IO_POSIX_UDP_LISTENER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/socket_options.h"
#include "lb/net/endpoint.h"

namespace lb::io {

class UdpListener final : public DatagramListener {
 public:
  // Binds as DatagramFactory::BindListener() does, with its errors. `loop` must
  // outlive it.
  static absl::StatusOr<std::unique_ptr<UdpListener>> Create(
      PosixLoop* loop, const net::Endpoint& at,
      const SocketOptions& options = {});
  ~UdpListener() override;

  net::Endpoint local() const override;
  void SetReceiver(Receiver receiver) override;
  void ReceiveWaiting() override;

 private:
  struct State;

  explicit UdpListener(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_UDP_LISTENER_H_
