// TcpStream: one connected TCP socket as a Stream.
//
// Internal to lb/io/posix: TcpTransport makes them.
#ifndef LB_IO_POSIX_TCP_STREAM_H_
#define LB_IO_POSIX_TCP_STREAM_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "asio/ip/tcp.hpp"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

class TcpStream final : public Stream {
 public:
  // `socket` is connected to `remote`.
  TcpStream(PosixLoop* loop, asio::ip::tcp::socket socket,
            const net::Endpoint& remote);
  ~TcpStream() override;

  net::Endpoint local() const override;
  net::Endpoint remote() const override;
  size_t unacknowledged() const override;
  absl::Status SetMd5Key(std::string_view key) override;
  void Receive(OnBytes on_bytes, OnClosed on_closed) override;
  absl::Status Send(absl::Span<const uint8_t> bytes) override;
  void FinishSending() override;

 private:
  struct State;

  const std::shared_ptr<State> state_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_TCP_STREAM_H_
