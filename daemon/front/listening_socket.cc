#include "daemon/front/listening_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/net/endpoint.h"

namespace lb::front {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr int kBacklog = 128;

struct Address {
  sockaddr_storage bytes = {};
  socklen_t size = 0;
};

absl::StatusOr<Address> UnixAddress(const std::string& path) {
  Address address;
  sockaddr_un named = {.sun_family = AF_UNIX};
  if (path.empty() || path.size() >= sizeof(named.sun_path)) {
    return absl::InvalidArgumentError(
        fmt::format("status-listen: \"{}\": want a path of 1 to {} bytes", path,
                    sizeof(named.sun_path) - 1));
  }
  std::memcpy(named.sun_path, path.data(), path.size());
  std::memcpy(&address.bytes, &named, sizeof(named));
  address.size = sizeof(named);
  return address;
}

absl::StatusOr<Address> TcpAddress(const std::string& listen) {
  LB_ASSIGN_OR_RETURN(const net::Endpoint endpoint,
                      net::ParseEndpoint(listen, /*default_port=*/0));
  const std::string text = endpoint.address.ToString();
  Address address;
  if (endpoint.address.is_ipv4()) {
    sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(endpoint.port)};
    LB_CHECK(inet_pton(AF_INET, text.c_str(), &to.sin_addr) == 1);
    std::memcpy(&address.bytes, &to, sizeof(to));
    address.size = sizeof(to);
    return address;
  }
  sockaddr_in6 to = {.sin6_family = AF_INET6,
                     .sin6_port = htons(endpoint.port)};
  LB_CHECK(inet_pton(AF_INET6, text.c_str(), &to.sin6_addr) == 1);
  std::memcpy(&address.bytes, &to, sizeof(to));
  address.size = sizeof(to);
  return address;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ListeningSocket>> ListeningSocket::Open(
    const std::string& listen) {
  const bool is_unix = listen.starts_with(kUnix);
  const std::string path = is_unix ? listen.substr(kUnix.size()) : "";
  LB_ASSIGN_OR_RETURN(const Address address,
                      is_unix ? UnixAddress(path) : TcpAddress(listen));
  const int made = socket(address.bytes.ss_family,
                          SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (is_unix) {
    unlink(path.c_str());
  } else {
    // Connections inherit the options of their listener.
    const int on = 1;
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  if (made < 0 ||
      bind(made, reinterpret_cast<const sockaddr*>(&address.bytes),
           address.size) != 0 ||
      ::listen(made, kBacklog) != 0) {
    const std::string why = std::strerror(errno);
    if (made >= 0) close(made);
    return absl::UnavailableError(
        fmt::format("status-listen: cannot listen on {}: {}", listen, why));
  }
  return std::unique_ptr<ListeningSocket>(new ListeningSocket(made, path));
}

ListeningSocket::ListeningSocket(int descriptor, std::string path)
    : descriptor_(descriptor), path_(std::move(path)) {}

ListeningSocket::~ListeningSocket() {
  if (!path_.empty()) unlink(path_.c_str());
  close(descriptor_);
}

}  // namespace lb::front
