#include "tests/netns/raw_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <utility>

#include "fmt/format.h"

namespace lb::netns {
namespace {

constexpr int kQueueSize = 8 << 20;

absl::Status SystemError(const std::string& interface) {
  const std::string text =
      fmt::format("packet socket on {}: {}", interface, strerror(errno));
  if (errno == EPERM) {
    return absl::PermissionDeniedError(text + ", want CAP_NET_RAW");
  }
  return absl::UnavailableError(text);
}

}  // namespace

absl::StatusOr<RawSocket> RawSocket::Open(const std::string& interface,
                                          uint16_t ether_type) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) {
    return absl::NotFoundError(
        fmt::format("interface {}: not there", interface));
  }
  // It has no protocol until it is bound, so no frame of another interface
  // comes in.
  RawSocket made(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (made.descriptor_ < 0) return SystemError(interface);
  const int on = 1;
  (void)setsockopt(made.descriptor_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
                   sizeof(on));
  (void)setsockopt(made.descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, &kQueueSize,
                   sizeof(kQueueSize));
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ether_type);
  address.sll_ifindex = static_cast<int>(index);
  if (bind(made.descriptor_, reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0) {
    return SystemError(interface);
  }
  return made;
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

RawSocket::~RawSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool RawSocket::Send(absl::Span<const uint8_t> frame) {
  return send(descriptor_, frame.data(), frame.size(), 0) ==
         static_cast<ssize_t>(frame.size());
}

bool RawSocket::Receive(absl::Span<uint8_t> buffer, size_t* size, int flags) {
  const ssize_t received =
      recv(descriptor_, buffer.data(), buffer.size(), flags);
  if (received < 0) return false;
  *size = static_cast<size_t>(received);
  return true;
}

uint64_t RawSocket::TakeDrops() {
  tpacket_stats stats = {};
  socklen_t size = sizeof(stats);
  getsockopt(descriptor_, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
  return stats.tp_drops;
}

void RawSocket::SetPatience(int milliseconds) {
  const timeval wait = {.tv_sec = milliseconds / 1000,
                        .tv_usec = milliseconds % 1000 * 1000L};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

}  // namespace lb::netns
