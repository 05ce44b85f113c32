// Stream, StreamDialer and StreamTransport: TCP, connecting and accepting;
// StreamFactory: it opens them.
//
//   LB_ASSIGN_OR_RETURN(
//       auto dialer,
//       environment.stream_factory->MakeDialer(
//           address, {.md5_keys = {{.peer = router, .key = "password"}}}));
//   dialer->Connect({router, 179}, loop.Now() + absl::Seconds(5),
//                   [](absl::StatusOr<std::unique_ptr<Stream>> stream) {});
//
// Loop thread only. Callbacks run on later turns of the loop, never from within
// the call that caused them. A Stream may be destroyed at any time, also from
// within its own callbacks; that silences it at once. If it was told to
// FinishSending(), what it queued still goes out behind the scenes; else the
// peer sees it reset (Unavailable). Streams must not outlive the loop.
#ifndef LB_IO_STREAM_TRANSPORT_H_
#define LB_IO_STREAM_TRANSPORT_H_

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

// Send() queues at most so many bytes while the peer does not read.
inline constexpr size_t kStreamSendQueueMax = 32 << 20;

class Stream {
 public:
  using OnBytes = absl::AnyInvocable<void(absl::Span<const uint8_t> bytes)>;
  // OK: the peer finished sending, in order. Else the reason (Unavailable).
  using OnClosed = absl::AnyInvocable<void(absl::Status reason)>;

  virtual ~Stream() = default;

  // Our end of the connection; BGP's next hop.
  virtual net::Endpoint local() const = 0;
  virtual net::Endpoint remote() const = 0;

  // Bytes that were given to Send() and that the peer's host has not
  // acknowledged. A caller that wants urgent bytes to be early sends more only
  // while these are few. 0 once the stream is broken.
  virtual size_t unacknowledged() const = 0;

  // Signs and checks what follows by another key, or by none if it is empty.
  // The connection stays: what the ends cannot read while only one of them has
  // the new key is sent again. InvalidArgument: the key is over
  // kMd5KeySizeMax. Unimplemented: the kernel has no MD5 keys. Unavailable: the
  // kernel refused, or the stream is broken.
  virtual absl::Status SetMd5Key(std::string_view key) = 0;

  // Starts reading; until then the peer's bytes wait. `on_closed` comes once,
  // after the last bytes; sending may go on after an OK one. A peer that just
  // vanishes is noticed only when it does not acknowledge what was sent: a
  // caller that waits for an answer sets a timer. Called at most once.
  virtual void Receive(OnBytes on_bytes, OnClosed on_closed) = 0;

  // Queues the bytes. ResourceExhausted: the queue would pass
  // kStreamSendQueueMax. Unavailable: the stream is broken. Nothing was queued
  // then. REQUIRES: FinishSending() was not called.
  virtual absl::Status Send(absl::Span<const uint8_t> bytes) = 0;

  // Tells the peer, once all queued bytes are out, that no more will come.
  virtual void FinishSending() = 0;
};

// The error of a Connect() that the peer's kernel refused: nothing listens
// there, but the host is up.
absl::Status RefusedError(std::string_view message);
bool IsRefused(const absl::Status& status);

// Opens streams to any peer, from one address.
class StreamDialer {
 public:
  // The connected stream, or why there is none. Unavailable: the peer refused
  // (IsRefused()), or the kernel. DeadlineExceeded: no answer. NotFound: the
  // options name an interface that is not there. PermissionDenied: the kernel
  // wants CAP_NET_RAW for that (before Linux 5.7). Unimplemented: it has no MD5
  // keys.
  using OnConnected =
      absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<Stream>>)>;

  virtual ~StreamDialer() = default;

  // Connects; `on_connected` comes exactly once, at `deadline` at the latest,
  // unless the dialer is destroyed before. The peer sees us at the dialer's
  // address, if that is a single one, and any port.
  virtual void Connect(const net::Endpoint& to, absl::Time deadline,
                       OnConnected on_connected) = 0;
};

// Listens for streams, and opens others from the address of local().
class StreamTransport : public StreamDialer {
 public:
  using OnAccepted = absl::AnyInvocable<void(std::unique_ptr<Stream>)>;

  // Where this transport listens; the port is never 0.
  virtual net::Endpoint local() const = 0;

  // Called for each incoming connection. Without it they are closed.
  virtual void SetAcceptor(OnAccepted on_accepted) = 0;
};

class StreamFactory {
 public:
  virtual ~StreamFactory() = default;

  // Listens at `at`; 0.0.0.0 and [::] are all addresses of the host, of IPv4
  // and of both families, and port 0 is one that is free. Accepted streams have
  // the options too, and what it dials. It must not outlive the factory.
  // InvalidArgument: the options are out of range. NotFound: no such interface.
  // PermissionDenied: the port is below 1024 and CAP_NET_BIND_SERVICE missing,
  // or an interface is named and the kernel wants CAP_NET_RAW for that (before
  // Linux 5.7). Unimplemented: the kernel has no MD5 keys. Unavailable: it
  // cannot listen (in use, no such address, no descriptor left, ...).
  virtual absl::StatusOr<std::unique_ptr<StreamTransport>> Listen(
      const net::Endpoint& at, const StreamOptions& options) = 0;

  // A dialer whose peers see `source`, and any port. From 0.0.0.0 and [::] it
  // dials from the address that the route has, to IPv4 and to both families.
  // With an MD5 key or a minimum TTL it does not believe the kernel of the peer
  // that nothing listens, as that is not signed and has kDefaultTtl: the
  // deadline ends it. The dialer must not outlive the factory.
  // InvalidArgument: the options are out of range.
  virtual absl::StatusOr<std::unique_ptr<StreamDialer>> MakeDialer(
      const net::IpAddress& source, const StreamOptions& options) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_STREAM_TRANSPORT_H_
