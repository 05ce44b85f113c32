// UdpTransport: a DatagramTransport on a kernel UDP socket.
//
// One turn of the loop takes datagrams for kDatagramTurn at most, so that a
// flood does not starve timers, however long its datagrams take. Bound to [::]
// it speaks IPv4 too.
#ifndef LB_IO_POSIX_UDP_TRANSPORT_H_
#define LB_IO_POSIX_UDP_TRANSPORT_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/socket_options.h"
#include "lb/net/endpoint.h"

namespace lb::io {

// A datagram that is begun is not cut short; it is the last of its turn.
inline constexpr absl::Duration kDatagramTurn = absl::Milliseconds(5);

class UdpTransport final : public DatagramTransport {
 public:
  // Binds as DatagramFactory::Bind() does, with its errors. `loop` must outlive
  // it.
  static absl::StatusOr<std::unique_ptr<UdpTransport>> Create(
      PosixLoop* loop, const net::Endpoint& at,
      const SocketOptions& options = {});
  ~UdpTransport() override;

  net::Endpoint local() const override;
  absl::Status Send(const net::Endpoint& to,
                    absl::Span<const uint8_t> payload) override;
  void SetReceiver(Receiver receiver) override;

 private:
  struct State;

  explicit UdpTransport(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_UDP_TRANSPORT_H_
