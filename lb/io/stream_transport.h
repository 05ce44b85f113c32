// StreamTransport and Stream: TCP, connecting and accepting.
//
// Loop thread only. Callbacks run on later turns of the loop, never from within
// the call that caused them. A Stream may be destroyed at any time, also from
// within its own callbacks; that silences it at once. If it was told to
// FinishSending(), what it queued still goes out behind the scenes; else the
// peer sees it reset (Unavailable). Streams must not outlive the transport.
#ifndef LB_IO_STREAM_TRANSPORT_H_
#define LB_IO_STREAM_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/net/endpoint.h"

namespace lb::io {

// Send() queues at most so many bytes while the peer does not read.
inline constexpr size_t kStreamSendQueueMax = 32 << 20;

class Stream {
 public:
  using OnBytes = absl::AnyInvocable<void(absl::Span<const uint8_t> bytes)>;
  // OK: the peer finished sending, in order. Else the reason (Unavailable).
  using OnClosed = absl::AnyInvocable<void(absl::Status reason)>;

  virtual ~Stream() = default;

  virtual net::Endpoint remote() const = 0;

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

class StreamTransport {
 public:
  // The connected stream, or why there is none (Unavailable,
  // DeadlineExceeded).
  using OnConnected =
      absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<Stream>>)>;
  using OnAccepted = absl::AnyInvocable<void(std::unique_ptr<Stream>)>;

  virtual ~StreamTransport() = default;

  // Where this transport listens; the port is never 0.
  virtual net::Endpoint local() const = 0;

  // Connects; `on_connected` comes exactly once, at `deadline` at the latest,
  // unless the transport is destroyed before. The peer sees us at the address
  // of local(), if that is a single one, and any port.
  virtual void Connect(const net::Endpoint& to, absl::Time deadline,
                       OnConnected on_connected) = 0;

  // Called for each incoming connection. Without it they are closed.
  virtual void SetAcceptor(OnAccepted on_accepted) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_STREAM_TRANSPORT_H_
