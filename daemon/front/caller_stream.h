// CallerStream: a caller's connection, in the clear or over TLS.
//
// Belongs to the thread of its io_context. Nothing happens unless that runs.
// One read and one write may be under way at a time; Close() ends both, with an
// error.
//
//   std::unique_ptr<CallerStream> stream = NewTlsStream(std::move(socket),
//   tls); stream->Handshake([&](const asio::error_code& error) { ... });
#ifndef LB_DAEMON_FRONT_CALLER_STREAM_H_
#define LB_DAEMON_FRONT_CALLER_STREAM_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "asio/buffer.hpp"
#include "asio/error_code.hpp"
#include "asio/generic/stream_protocol.hpp"
#include "daemon/front/certificates.h"

namespace lb::front {

class CallerStream {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using OnDone = std::function<void(const asio::error_code& error)>;
  using OnBytes =
      std::function<void(const asio::error_code& error, size_t size)>;

  virtual ~CallerStream() = default;

  // Call it first, and once.
  virtual void Handshake(OnDone on_done) = 0;
  // Returns NamesOf() of the caller's certificate, after the handshake. Empty:
  // the caller has none.
  virtual std::vector<std::string> Names() const = 0;
  virtual void ReadSome(asio::mutable_buffer buffer, OnBytes on_bytes) = 0;
  // Writes all of `bytes`.
  virtual void Write(asio::const_buffer bytes, OnBytes on_bytes) = 0;
  virtual void Close() = 0;
};

std::unique_ptr<CallerStream> NewClearStream(CallerStream::Socket socket);

// The handshake fails if the caller does not speak HTTP/2 (ALPN "h2"), or lacks
// the certificate that `tls` asks for.
std::unique_ptr<CallerStream> NewTlsStream(CallerStream::Socket socket,
                                           const TlsSetup& tls);

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_CALLER_STREAM_H_
