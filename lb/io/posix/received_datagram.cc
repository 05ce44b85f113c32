#include "lb/io/posix/received_ttl.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>

#include "asio/error.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

absl::Status Ask(int socket, int level, int name, std::string_view place) {
  const int on = 1;
  if (setsockopt(socket, level, name, &on, sizeof(on)) == 0) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      fmt::format("{}: ttl of datagrams: {}", place, strerror(errno)));
}

int TtlOf(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    const bool is_ttl =
        (part->cmsg_level == SOL_IP && part->cmsg_type == IP_TTL) ||
        (part->cmsg_level == SOL_IPV6 && part->cmsg_type == IPV6_HOPLIMIT);
    if (!is_ttl) continue;
    int ttl = 0;
    memcpy(&ttl, CMSG_DATA(part), sizeof(ttl));
    return ttl;
  }
  return 0;
}

}  // namespace

absl::Status AskForTtl(int socket, const net::IpAddress& local,
                       std::string_view place) {
  if (local.is_ipv6()) {
    LB_RETURN_IF_ERROR(Ask(socket, SOL_IPV6, IPV6_RECVHOPLIMIT, place));
  }
  if (local.is_ipv4() || local.is_unspecified()) {
    LB_RETURN_IF_ERROR(Ask(socket, SOL_IP, IP_RECVTTL, place));
  }
  return absl::OkStatus();
}

ReceivedWithTtl ReceiveWithTtl(int socket, absl::Span<uint8_t> buffer,
                               asio::ip::udp::endpoint& from) {
  // Room for the TTL of either family.
  alignas(cmsghdr) std::array<uint8_t, 2 * CMSG_SPACE(sizeof(int))> control;
  iovec part = {.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr message = {};
  message.msg_name = from.data();
  message.msg_namelen = static_cast<socklen_t>(from.capacity());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = recvmsg(socket, &message, 0);
  if (size < 0) {
    return {
        .size = 0,
        .ttl = 0,
        .error = asio::error_code(errno, asio::error::get_system_category())};
  }
  from.resize(message.msg_namelen);
  return {
      .size = static_cast<size_t>(size), .ttl = TtlOf(message), .error = {}};
}

}  // namespace lb::io
