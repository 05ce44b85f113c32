#include "lb/io/posix/received_datagram.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include <array>

#include "asio/error.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

// One thing that the kernel is to tell with each datagram.
struct Question {
  int level = 0;
  int name = 0;
  std::string_view what;
};

constexpr Question kTtl = {SOL_IP, IP_RECVTTL, "ttl"};
constexpr Question kHopLimit = {SOL_IPV6, IPV6_RECVHOPLIMIT, "ttl"};
constexpr Question kWay = {SOL_IP, IP_PKTINFO, "destination"};
// A socket of IPv6 tells the destination of IPv4 datagrams by it too.
constexpr Question kIpv6Way = {SOL_IPV6, IPV6_RECVPKTINFO, "destination"};
constexpr Question kTime = {SOL_SOCKET, SO_TIMESTAMPNS, "time"};

absl::Status Ask(int socket, const Question& question, std::string_view place) {
  const int on = 1;
  if (setsockopt(socket, question.level, question.name, &on, sizeof(on)) == 0) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(fmt::format("{}: {} of datagrams: {}", place,
                                            question.what, strerror(errno)));
}

template <typename T>
T Read(const cmsghdr& part) {
  T value = {};
  memcpy(&value, CMSG_DATA(&part), sizeof(value));
  return value;
}

// FromBytes() takes 4 and 16 bytes, which these are.
template <typename KernelAddress>
net::IpAddress FromKernel(const KernelAddress& address) {
  std::array<uint8_t, sizeof(address)> bytes;
  memcpy(bytes.data(), &address, sizeof(address));
  return *net::IpAddress::FromBytes(bytes);
}

void ReadPart(const cmsghdr& part, ReceivedDatagram& received) {
  const auto is = [&](int level, int type) {
    return part.cmsg_level == level && part.cmsg_type == type;
  };
  if (is(SOL_IP, IP_TTL) || is(SOL_IPV6, IPV6_HOPLIMIT)) {
    received.ttl = Read<int>(part);
  } else if (is(SOL_IP, IP_PKTINFO)) {
    const auto way = Read<in_pktinfo>(part);
    received.to = FromKernel(way.ipi_addr);
    received.interface_index = way.ipi_ifindex;
  } else if (is(SOL_IPV6, IPV6_PKTINFO)) {
    const auto way = Read<in6_pktinfo>(part);
    received.to = FromKernel(way.ipi6_addr);
    received.interface_index = static_cast<int>(way.ipi6_ifindex);
  } else if (is(SOL_SOCKET, SCM_TIMESTAMPNS)) {
    received.civil_time = absl::TimeFromTimespec(Read<timespec>(part));
  }
}

}  // namespace

absl::Status AskForTtl(int socket, const net::IpAddress& local,
                       std::string_view place) {
  if (local.is_ipv6()) LB_RETURN_IF_ERROR(Ask(socket, kHopLimit, place));
  if (local.is_ipv4() || local.is_unspecified()) {
    LB_RETURN_IF_ERROR(Ask(socket, kTtl, place));
  }
  return absl::OkStatus();
}

absl::Status AskForWay(int socket, const net::IpAddress& local,
                       std::string_view place) {
  LB_RETURN_IF_ERROR(AskForTtl(socket, local, place));
  LB_RETURN_IF_ERROR(Ask(socket, local.is_ipv6() ? kIpv6Way : kWay, place));
  return Ask(socket, kTime, place);
}

ReceivedDatagram ReceiveDatagram(int socket, absl::Span<uint8_t> buffer,
                                 asio::ip::udp::endpoint& from) {
  // Room for all that can be asked for.
  alignas(cmsghdr) std::array<uint8_t, 2 * CMSG_SPACE(sizeof(int)) +
                                           CMSG_SPACE(sizeof(in_pktinfo)) +
                                           CMSG_SPACE(sizeof(in6_pktinfo)) +
                                           CMSG_SPACE(sizeof(timespec))>
      control;
  iovec part = {.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr message = {};
  message.msg_name = from.data();
  message.msg_namelen = static_cast<socklen_t>(from.capacity());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ReceivedDatagram received;
  const ssize_t size = recvmsg(socket, &message, 0);
  if (size < 0) {
    received.error =
        asio::error_code(errno, asio::error::get_system_category());
    return received;
  }
  from.resize(message.msg_namelen);
  received.size = static_cast<size_t>(size);
  for (const cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(each))) {
    ReadPart(*each, received);
  }
  return received;
}

std::string InterfaceName(int socket, int index) {
  ifreq request = {};
  request.ifr_ifindex = index;
  if (ioctl(socket, SIOCGIFNAME, &request) != 0) return {};
  return request.ifr_name;
}

}  // namespace lb::io
