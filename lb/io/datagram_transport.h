// DatagramTransport: one bound UDP socket.
//
// Best effort, as UDP is: a datagram may be lost, doubled or reordered, and
// Send() succeeding says only that it left. Loop thread only.
#ifndef LB_IO_DATAGRAM_TRANSPORT_H_
#define LB_IO_DATAGRAM_TRANSPORT_H_

#include <cstddef>
#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/net/endpoint.h"

namespace lb::io {

// The largest UDP payload over IPv4: 65535 less the IP and UDP headers.
inline constexpr size_t kDatagramSizeMax = 65507;

class DatagramTransport {
 public:
  using Receiver = absl::AnyInvocable<void(const net::Endpoint& from,
                                           absl::Span<const uint8_t> payload)>;

  virtual ~DatagramTransport() = default;

  // Where this socket is bound; the port is never 0.
  virtual net::Endpoint local() const = 0;

  // Sends one datagram. Never blocks.
  // InvalidArgument: payload over kDatagramSizeMax, or of the other family.
  // Unavailable: the kernel refused (no route, queue full, ...).
  virtual absl::Status Send(const net::Endpoint& to,
                            absl::Span<const uint8_t> payload) = 0;

  // Called for each datagram; the payload is valid during the call only.
  // Without a receiver datagrams are dropped. An empty one takes it off.
  virtual void SetReceiver(Receiver receiver) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_DATAGRAM_TRANSPORT_H_
