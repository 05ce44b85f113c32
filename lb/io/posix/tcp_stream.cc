#include "lb/io/posix/tcp_stream.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "asio/buffer.hpp"
#include "asio/error.hpp"
#include "asio/socket_base.hpp"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/io/posix/apply_options.h"
#include "lb/io/posix/asio_endpoint.h"
#include "lb/io/posix/tcp_transport.h"
#include "lb/io/socket_options.h"

namespace lb::io {
namespace {

using asio::ip::tcp;

constexpr size_t kReadSize = 64 << 10;
// Reads and writes in one turn of the loop.
constexpr int kCallsPerTurn = 16;

}  // namespace

// Lives on in the handlers that wait for the socket, and while it lingers.
struct TcpStream::State : std::enable_shared_from_this<State> {
  struct Callbacks {
    OnBytes on_bytes;
    OnClosed on_closed;
  };

  State(PosixLoop* on_loop, tcp::socket connected, const net::Endpoint& peer)
      : loop(on_loop), socket(std::move(connected)), remote(peer) {}

  void WaitToRead();
  void ReadSome();
  void WaitToWrite();
  void WriteSome();
  void Break(const asio::error_code& error);
  void PostEnd();
  void Linger();
  void Abort();
  void Close();

  PosixLoop* const loop;
  tcp::socket socket;
  const net::Endpoint remote;
  std::shared_ptr<Callbacks> callbacks;  // Null before Receive().
  std::optional<absl::Status> end;       // Of what the peer sends.
  std::deque<std::vector<uint8_t>> outbox;
  size_t front_written = 0;  // Bytes of the first one that are out.
  size_t outbox_bytes = 0;   // That are not.
  bool writing = false;      // A wait for room is under way.
  bool finishing = false;
  std::unique_ptr<Timer> linger_timer;  // Once the stream is destroyed.
};

void TcpStream::State::WaitToRead() {
  socket.async_wait(tcp::socket::wait_read, [self = shared_from_this()](
                                                const asio::error_code&) {
    const PosixLoop::MeasuredTurn turn(self->loop, "reads a stream");
    if (self->socket.is_open()) self->ReadSome();
  });
}

void TcpStream::State::ReadSome() {
  std::array<uint8_t, kReadSize> buffer;
  for (int n = 0; n < kCallsPerTurn && socket.is_open() && !end; ++n) {
    asio::error_code error;
    const size_t size = socket.read_some(asio::buffer(buffer), error);
    if (error == asio::error::would_block) break;
    if (error == asio::error::eof) {
      end = absl::OkStatus();
      PostEnd();
      if (linger_timer != nullptr && !writing) Close();
      return;
    }
    if (error) {
      Break(error);
      return;
    }
    const auto called = callbacks;  // Live while they run.
    if (called != nullptr && called->on_bytes) {
      called->on_bytes(absl::MakeConstSpan(buffer).first(size));
    }
  }
  if (socket.is_open() && !end) WaitToRead();
}

void TcpStream::State::WaitToWrite() {
  writing = true;
  socket.async_wait(tcp::socket::wait_write, [self = shared_from_this()](
                                                 const asio::error_code&) {
    const PosixLoop::MeasuredTurn turn(self->loop, "writes a stream");
    self->writing = false;
    if (self->socket.is_open()) self->WriteSome();
  });
}

void TcpStream::State::WriteSome() {
  for (int n = 0; n < kCallsPerTurn && !outbox.empty(); ++n) {
    const absl::Span<const uint8_t> rest =
        absl::MakeConstSpan(outbox.front()).subspan(front_written);
    asio::error_code error;
    const size_t size =
        socket.write_some(asio::buffer(rest.data(), rest.size()), error);
    if (error == asio::error::would_block) break;
    if (error) {
      Break(error);
      return;
    }
    outbox_bytes -= size;
    front_written += size;
    if (size < rest.size()) continue;
    outbox.pop_front();
    front_written = 0;
  }
  if (!outbox.empty()) {
    WaitToWrite();
    return;
  }
  if (!finishing) return;
  asio::error_code error;
  socket.shutdown(tcp::socket::shutdown_send, error);
  if (error) Break(error);
  if (linger_timer != nullptr && end) Close();
}

void TcpStream::State::Break(const asio::error_code& error) {
  if (!end || end->ok()) {
    end = Unavailable(fmt::format("stream {}", remote.ToString()), error);
  }
  Close();
  PostEnd();
}

void TcpStream::State::PostEnd() {
  if (callbacks == nullptr) return;
  loop->Post([self = shared_from_this()] {
    const auto called = self->callbacks;
    if (called == nullptr || !called->on_closed) return;
    // Released after the last call: they may own the stream.
    self->callbacks = std::make_shared<Callbacks>();
    std::exchange(called->on_closed, nullptr)(*self->end);
  });
}

// The stream is gone, but what it queued still has to go out; then the peer has
// to end too, as closing with unread bytes would reset what it has not read.
void TcpStream::State::Linger() {
  const bool reading = callbacks != nullptr;
  callbacks = std::make_shared<Callbacks>();
  linger_timer = loop->NewTimer([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Abort();
  });
  linger_timer->Arm(loop->Now() + kLingerMax);
  if (!reading && !end) WaitToRead();
  if (end && !writing) Close();
}

void TcpStream::State::Abort() {
  asio::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  Close();
}

void TcpStream::State::Close() {
  asio::error_code ignored;
  socket.close(ignored);
  outbox.clear();
  outbox_bytes = 0;
  front_written = 0;
  if (linger_timer != nullptr) linger_timer->Disarm();
}

TcpStream::TcpStream(PosixLoop* loop, tcp::socket socket,
                     const net::Endpoint& remote)
    : state_(std::make_shared<State>(loop, std::move(socket), remote)) {
  asio::error_code ignored;
  state_->socket.non_blocking(true, ignored);
  state_->socket.set_option(tcp::no_delay(true), ignored);
}

TcpStream::~TcpStream() {
  // Destroyed last: they may own other objects of ours.
  const auto callbacks = state_->callbacks;
  if (state_->finishing && state_->socket.is_open()) {
    state_->Linger();
    return;
  }
  if (state_->callbacks != nullptr) {
    state_->callbacks = std::make_shared<State::Callbacks>();
  }
  state_->Abort();
}

net::Endpoint TcpStream::local() const {
  asio::error_code error;
  const tcp::endpoint end = state_->socket.local_endpoint(error);
  return error ? net::Endpoint() : FromAsio(end);
}

net::Endpoint TcpStream::remote() const { return state_->remote; }

size_t TcpStream::unacknowledged() const {
  if (!state_->socket.is_open()) return 0;
  // What the kernel took counts until the peer's kernel has it.
  int in_kernel = 0;
  if (ioctl(state_->socket.native_handle(), SIOCOUTQ, &in_kernel) != 0) {
    in_kernel = 0;
  }
  return state_->outbox_bytes + static_cast<size_t>(in_kernel);
}

absl::Status TcpStream::SetMd5Key(std::string_view key) {
  const std::string place = fmt::format("stream {}", remote().ToString());
  if (key.size() > kMd5KeySizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("{}: md5 key: {} bytes, want at most {}", place, key.size(),
                    kMd5KeySizeMax));
  }
  asio::error_code error;
  const tcp::endpoint end = state_->socket.local_endpoint(error);
  if (error) return Unavailable(place, error);
  // The socket's own family: an IPv4 peer may be on a socket of IPv6.
  const net::IpAddress any =
      end.address().is_v4() ? net::IpAddress::Ipv4(0) : net::IpAddress::Ipv6(0);
  return ApplyMd5Key(state_->socket.native_handle(), any,
                     {.peer = remote().address, .key = std::string(key)},
                     place);
}

void TcpStream::Receive(OnBytes on_bytes, OnClosed on_closed) {
  LB_CHECK(state_->callbacks == nullptr);
  state_->callbacks = std::make_shared<State::Callbacks>(
      State::Callbacks{std::move(on_bytes), std::move(on_closed)});
  if (state_->end) {
    state_->PostEnd();
    return;
  }
  state_->WaitToRead();
}

absl::Status TcpStream::Send(absl::Span<const uint8_t> bytes) {
  LB_CHECK(!state_->finishing);
  const std::string place = fmt::format("stream {}", remote().ToString());
  if (!state_->socket.is_open()) {
    return absl::UnavailableError(fmt::format("{}: broken", place));
  }
  if (bytes.size() > kStreamSendQueueMax - state_->outbox_bytes) {
    return absl::ResourceExhaustedError(
        fmt::format("{}: {} bytes and {} wait already, want at most {}", place,
                    bytes.size(), state_->outbox_bytes, kStreamSendQueueMax));
  }
  if (bytes.empty()) return absl::OkStatus();
  state_->outbox.emplace_back(bytes.begin(), bytes.end());
  state_->outbox_bytes += bytes.size();
  if (!state_->writing) state_->WaitToWrite();
  return absl::OkStatus();
}

void TcpStream::FinishSending() {
  if (std::exchange(state_->finishing, true)) return;
  if (state_->socket.is_open() && !state_->writing) state_->WaitToWrite();
}

}  // namespace lb::io
