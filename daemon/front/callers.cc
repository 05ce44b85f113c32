#include "daemon/front/callers.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "daemon/front/caller_stream.h"
#include "daemon/front/steady_now.h"

namespace lb::front {
namespace {

// The pause after an error that is not one connection's, such as a lack of
// descriptors.
constexpr std::chrono::milliseconds kPause(100);
// The kernel buffers this much for a connection, in each direction.
constexpr int kPairBytes = 64 << 10;

std::string TextOf(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (address.ss_family == AF_INET) {
    sockaddr_in ipv4 = {};
    std::memcpy(&ipv4, &address, sizeof(ipv4));
    inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    sockaddr_in6 ipv6 = {};
    std::memcpy(&ipv6, &address, sizeof(ipv6));
    inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
  } else {
    return "unix";
  }
  return text.data();
}

}  // namespace

Callers::Callers(asio::io_context& context,
                 std::unique_ptr<ListeningSocket> socket,
                 std::shared_ptr<const TlsSetup> tls, FrontOptions options,
                 Front::Handlers handlers)
    : context_(context),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      listener_(context),
      pause_(context) {}

void Callers::Listen() {
  asio::error_code error;
  if (!listener_.is_open()) {
    listener_.assign(dup(socket_->descriptor()), error);
  }
  listener_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const asio::error_code& error) {
                         if (!error) Accept();
                       });
}

void Callers::StopListening() {
  asio::error_code ignored;
  listener_.close(ignored);
  pause_.cancel();
  CloseIf(
      [](const Caller& caller) { return !caller.connection->has_server(); });
}

void Callers::Accept() {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  const int accepted =
      accept4(listener_.native_handle(), reinterpret_cast<sockaddr*>(&address),
              &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted >= Front::kDescriptorsMax) {
    close(accepted);
  } else if (accepted >= 0) {
    MakeRoom();
    Add(accepted, TextOf(address));
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
             errno == ENOBUFS) {
    pause_.expires_after(kPause);
    pause_.async_wait([this](const asio::error_code& error) {
      if (!error) Listen();
    });
    return;
  }
  Listen();
}

// Callers that hold silent connections must not keep others out.
void Callers::MakeRoom() {
  const auto is_pending = [](const Caller& caller) {
    return caller.connection->is_pending();
  };
  const auto pending =
      std::count_if(callers_.begin(), callers_.end(), is_pending);
  if (pending < options_.pending_max &&
      callers_.size() < static_cast<size_t>(options_.connections_max)) {
    return;
  }
  const auto oldest =
      std::find_if(callers_.begin(), callers_.end(), is_pending);
  if (oldest == callers_.end()) return;
  Refuse(oldest->address, "its handshake had not ended when others came");
  oldest->connection->Close();
}

void Callers::Add(int descriptor, std::string address) {
  CallerStream::Socket socket(context_);
  asio::error_code error;
  socket.assign({socket_->is_unix() ? AF_UNIX : AF_INET, SOCK_STREAM},
                descriptor, error);
  if (callers_.size() >= static_cast<size_t>(options_.connections_max)) {
    Refuse(address,
           fmt::format("there are {} connections already", callers_.size()));
    return;
  }
  auto connection = std::make_shared<Connection>(
      context_,
      tls_ == nullptr ? NewClearStream(std::move(socket))
                      : NewTlsStream(std::move(socket), *tls_),
      options_.age_max,
      Connection::Owner{
          .connect = [this](const auto& names) { return Connect(names); },
          .on_closed = [this](Connection* closed,
                              std::string_view why) { OnClosed(closed, why); },
      });
  callers_.push_back({connection, tls_, std::move(address)});
  connection->Start();
}

absl::StatusOr<int> Callers::Connect(
    const std::vector<std::string>& names) const {
  const Right right = RightOf(names, options_.access);
  if (right == Right::kNone) {
    return absl::PermissionDeniedError(
        fmt::format("its certificate has no right here, with the names [{}]",
                    fmt::join(names, ", ")));
  }
  std::array<int, 2> pair = {};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                 pair.data()) != 0) {
    return absl::ResourceExhaustedError(std::strerror(errno));
  }
  for (const int end : pair) {
    setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kPairBytes, sizeof(kPairBytes));
  }
  handlers_.serve(right, pair[1]);
  return pair[0];
}

void Callers::OnClosed(Connection* connection, std::string_view why) {
  const auto caller = std::find_if(
      callers_.begin(), callers_.end(),
      [&](const Caller& c) { return c.connection.get() == connection; });
  if (!why.empty()) Refuse(caller->address, why);
  callers_.erase(caller);
  if (callers_.empty() && on_left_) on_left_();
}

void Callers::Refuse(std::string_view address, std::string_view why) {
  const auto said = refusals_.Add(address, why, SteadyNow());
  if (said) handlers_.on_refused(*said);
}

void Callers::CloseIf(const std::function<bool(const Caller&)>& is_over) {
  std::vector<std::shared_ptr<Connection>> over;  // Each leaves the list.
  for (const Caller& caller : callers_) {
    if (is_over(caller)) over.push_back(caller.connection);
  }
  for (const auto& connection : over) connection->Close();
}

void Callers::SetTls(std::shared_ptr<const TlsSetup> tls) {
  tls_ = std::move(tls);
  CloseIf([this](const Caller& caller) {
    return caller.tls->client_ca != tls_->client_ca;
  });
}

void Callers::Leave(std::function<void()> on_left) {
  StopListening();
  on_left_ = std::move(on_left);
  if (callers_.empty()) on_left_();
}

}  // namespace lb::front
