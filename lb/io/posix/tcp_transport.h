// TcpTransport: a StreamTransport on kernel TCP sockets.
//
// Bound to [::] it speaks IPv4 too. A finished stream that was destroyed goes
// on in the background for at most kLingerMax.
#ifndef LB_IO_POSIX_TCP_TRANSPORT_H_
#define LB_IO_POSIX_TCP_TRANSPORT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/tcp_dialer.h"
#include "lb/io/socket_options.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

inline constexpr absl::Duration kLingerMax = absl::Seconds(10);

class TcpTransport final : public StreamTransport {
 public:
  // Listens as StreamFactory::Listen() does, with its errors. `loop` must
  // outlive it.
  static absl::StatusOr<std::unique_ptr<TcpTransport>> Create(
      PosixLoop* loop, const net::Endpoint& at,
      const StreamOptions& options = {});
  ~TcpTransport() override;

  net::Endpoint local() const override;
  void Connect(const net::Endpoint& to, absl::Time deadline,
               OnConnected on_connected) override;
  void SetAcceptor(OnAccepted on_accepted) override;

 private:
  struct State;

  TcpTransport(std::shared_ptr<State> state, const StreamOptions& options);

  const std::shared_ptr<State> state_;
  TcpDialer dialer_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_TCP_TRANSPORT_H_
