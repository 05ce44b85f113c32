// DatagramTransport: one bound UDP socket; DatagramListener: one that is told
// how each datagram came; DatagramFactory: it opens them.
//
//   LB_ASSIGN_OR_RETURN(auto socket, environment.datagram_factory->Bind(
//       {address, 3784}, {.interface = "eth0", .ttl = 255, .min_ttl = 255}));
//
// Best effort, as UDP is: a datagram may be lost, doubled or reordered, and
// Send() succeeding says only that it left. Loop thread only.
#ifndef LB_IO_DATAGRAM_TRANSPORT_H_
#define LB_IO_DATAGRAM_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/io/socket_options.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

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

// A datagram, and how it came. Valid during the receiver's call only.
struct ArrivedDatagram {
  net::Endpoint from;
  net::IpAddress to;  // The address of this host that it was sent to.
  // The interface by which it came. Empty: that is gone by now.
  std::string_view interface;
  int ttl = 0;
  // When it reached the host, by the loop's clock. It may have waited since:
  // the loop was busy, or the process stopped. Not later than now.
  absl::Time at;
  absl::Span<const uint8_t> payload;
};

// A socket that only receives, for protocols that judge a datagram by its way
// and by its time. As for DatagramTransport otherwise.
class DatagramListener {
 public:
  using Receiver = absl::AnyInvocable<void(const ArrivedDatagram& datagram)>;

  virtual ~DatagramListener() = default;

  virtual net::Endpoint local() const = 0;

  // Called for each datagram. Without a receiver datagrams are dropped. An
  // empty one takes it off.
  virtual void SetReceiver(Receiver receiver) = 0;

  // Hands the receiver, within this call, all datagrams that have reached the
  // host by now. A caller whose timer fired late does not take for silence what
  // waits in the socket. Never from within the receiver.
  virtual void ReceiveWaiting() = 0;
};

class DatagramFactory {
 public:
  virtual ~DatagramFactory() = default;

  // Opens a socket at `at`; 0.0.0.0 and [::] are all addresses of the host, of
  // IPv4 and of both families, and port 0 is one that is free. The socket must
  // not outlive the factory.
  // InvalidArgument: the options are out of range. NotFound: no such interface.
  // PermissionDenied: the port is below 1024 and CAP_NET_BIND_SERVICE missing,
  // or an interface is named and the kernel wants CAP_NET_RAW for that (before
  // Linux 5.7). Unavailable: it cannot be bound (in use, no such address, no
  // descriptor left, ...).
  virtual absl::StatusOr<std::unique_ptr<DatagramTransport>> Bind(
      const net::Endpoint& at, const SocketOptions& options) = 0;

  // The same for a socket that only receives, with the errors of Bind().
  virtual absl::StatusOr<std::unique_ptr<DatagramListener>> BindListener(
      const net::Endpoint& at, const SocketOptions& options) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_DATAGRAM_TRANSPORT_H_
