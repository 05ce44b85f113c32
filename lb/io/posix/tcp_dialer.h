// TcpDialer: a StreamDialer on kernel TCP sockets.
//
// From [::] it reaches IPv4 peers too. Loop thread only.
#ifndef LB_IO_POSIX_TCP_DIALER_H_
#define LB_IO_POSIX_TCP_DIALER_H_

#include <memory>

#include "absl/time/time.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/socket_options.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class TcpDialer final : public StreamDialer {
 public:
  // Each peer sees `source`, if that is a single address. `loop` must outlive
  // the dialer. REQUIRES: Validate() found the options well.
  TcpDialer(PosixLoop* loop, const net::IpAddress& source,
            StreamOptions options);
  ~TcpDialer() override;
  TcpDialer(const TcpDialer&) = delete;
  TcpDialer& operator=(const TcpDialer&) = delete;

  void Connect(const net::Endpoint& to, absl::Time deadline,
               OnConnected on_connected) override;

 private:
  struct State;

  const std::shared_ptr<State> state_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_TCP_DIALER_H_
