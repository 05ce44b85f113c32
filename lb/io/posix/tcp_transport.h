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
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

inline constexpr absl::Duration kLingerMax = absl::Seconds(10);

class TcpTransport final : public StreamTransport {
 public:
  // Listens on `at`; with port 0 the kernel picks one. `loop` must outlive it.
  // Unavailable: it cannot (in use, no such address, ...).
  static absl::StatusOr<std::unique_ptr<TcpTransport>> Create(
      PosixLoop* loop, const net::Endpoint& at);
  ~TcpTransport() override;

  net::Endpoint local() const override;
  void Connect(const net::Endpoint& to, absl::Time deadline,
               OnConnected on_connected) override;
  void SetAcceptor(OnAccepted on_accepted) override;

 private:
  struct State;

  explicit TcpTransport(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_TCP_TRANSPORT_H_
