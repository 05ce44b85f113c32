#include "daemon/testing/raw_caller.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

bool IsReady(int socket_fd, short events, absl::Duration limit) {
  pollfd polled = {socket_fd, events, 0};
  return poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) ==
         1;
}

}  // namespace

RawCaller::RawCaller(const std::string& unix_path)
    : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address = {.sun_family = AF_UNIX};
  unix_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)),
            0);
}

RawCaller::RawCaller(uint16_t port)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_in address = {.sin_family = AF_INET,
                               .sin_port = htons(port),
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
  EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)),
            0);
}

RawCaller::RawCaller(RawCaller&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)) {}

RawCaller::~RawCaller() {
  if (socket_ >= 0) close(socket_);
}

bool RawCaller::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    if (!IsReady(socket_, POLLOUT, absl::Seconds(10))) return false;
    const ssize_t sent =
        send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string RawCaller::Receive(absl::Duration limit) const {
  std::string bytes(64 << 10, 0);
  if (!IsReady(socket_, POLLIN, limit)) return "";
  const ssize_t size = recv(socket_, bytes.data(), bytes.size(), 0);
  bytes.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return bytes;
}

bool RawCaller::EndsWithin(absl::Duration limit) const {
  const absl::Time last = absl::Now() + limit;
  while (absl::Now() < last) {
    const bool has_something = IsReady(socket_, POLLIN, last - absl::Now());
    if (has_something && Receive(absl::ZeroDuration()).empty()) return true;
  }
  return false;
}

size_t ResidentBytes() {
  std::ifstream sizes("/proc/self/statm");
  size_t all = 0;
  size_t resident = 0;
  sizes >> all >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace lb
