#include "daemon/lbctl/testing/sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

constexpr int kWaitingMax = 8;  // Connections that are not accepted yet.

}  // namespace

UnixListener::UnixListener(const std::string& path)
    : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
  sockaddr_un address = {.sun_family = AF_UNIX};
  EXPECT_LT(path.size(), sizeof(address.sun_path));
  std::copy(path.begin(), path.end(), address.sun_path);
  EXPECT_EQ(
      bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
      0);
}

UnixListener::~UnixListener() { close(fd_); }

void UnixListener::Listen() const { EXPECT_EQ(listen(fd_, kWaitingMax), 0); }

LoopbackSocket::LoopbackSocket(Transport transport)
    : fd_(socket(AF_INET,
                 transport == Transport::kTcp ? SOCK_STREAM : SOCK_DGRAM, 0)) {
  sockaddr_in address = {.sin_family = AF_INET,
                         .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  endpoint_ = {net::IpAddress::Ipv4(INADDR_LOOPBACK), ntohs(address.sin_port)};
}

LoopbackSocket::~LoopbackSocket() { close(fd_); }

void LoopbackSocket::Listen() const { EXPECT_EQ(listen(fd_, kWaitingMax), 0); }

}  // namespace lb::lbctl
