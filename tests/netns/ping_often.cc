// Pings an IPv4 and an IPv6 address every 5 ms, through the kernel and its
// neighbour table, as ping(8) does; but it sleeps in between, where ping(8)
// spins at such intervals and takes the processors from the nodes that it
// measures.
//
//   ping_often IPV4 IPV6
//
// Lines of SECONDS FAMILY KIND NUMBER until SIGTERM: the time of day, 4 or 6,
// "asked" or "answer", the ping's number. For tests/netns/takeover.sh. Needs
// CAP_NET_RAW.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "fmt/core.h"

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kInterval(5);
constexpr uint16_t kIdentifier = 0x6c62;

volatile sig_atomic_t stopped = 0;

// One's complement sum (RFC 1071) of a header without data; for IPv6 the kernel
// makes it.
uint16_t Checksum(const icmphdr& header) {
  std::array<uint16_t, sizeof(header) / 2> words;
  memcpy(words.data(), &header, sizeof(header));
  uint32_t sum = 0;
  for (const uint16_t word : words) sum += word;
  sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<uint16_t>(~(sum + (sum >> 16)));
}

void Say(int family, const char* kind, uint16_t number) {
  const std::chrono::duration<double> now =
      std::chrono::system_clock::now().time_since_epoch();
  fmt::print("{:.6f} {} {} {}\n", now.count(), family, kind, number);
}

// Connected, so that it hears only its own address.
int Open(int family, const char* address) {
  const int made = socket(family, SOCK_RAW | SOCK_CLOEXEC,
                          family == AF_INET ? +IPPROTO_ICMP : +IPPROTO_ICMPV6);
  sockaddr_in to4 = {};
  sockaddr_in6 to6 = {};
  to4.sin_family = AF_INET;
  to6.sin6_family = AF_INET6;
  const bool connected =
      family == AF_INET
          ? inet_pton(family, address, &to4.sin_addr) == 1 &&
                connect(made, reinterpret_cast<sockaddr*>(&to4), sizeof(to4)) ==
                    0
          : inet_pton(family, address, &to6.sin6_addr) == 1 &&
                connect(made, reinterpret_cast<sockaddr*>(&to6), sizeof(to6)) ==
                    0;
  return connected ? made : -1;
}

// The same eight bytes in both families, but for the type.
void Ask(int socket, int family, uint16_t number) {
  icmphdr echo = {};
  echo.type = family == 4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
  echo.un.echo.id = htons(kIdentifier);
  echo.un.echo.sequence = htons(number);
  echo.checksum = Checksum(echo);
  Say(family, "asked", number);
  // An address that cannot be resolved is an error now and then; it is asked
  // again.
  (void)send(socket, &echo, sizeof(echo), MSG_DONTWAIT);
}

void TakeAnswers(int socket, int family) {
  std::array<uint8_t, 2048> buffer;
  while (true) {
    const ssize_t size =
        recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) return;
    // IPv4 comes with its header, of so many words.
    const size_t start = family == 4 ? (buffer[0] & 0x0fU) * 4 : 0;
    icmphdr echo = {};
    if (static_cast<size_t>(size) < start + sizeof(echo)) continue;
    memcpy(&echo, buffer.data() + start, sizeof(echo));
    const uint8_t reply = family == 4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
    if (echo.type != reply || echo.un.echo.id != htons(kIdentifier)) continue;
    Say(family, "answer", ntohs(echo.un.echo.sequence));
  }
}

void Run(int socket4, int socket6) {
  std::array<pollfd, 2> polled = {pollfd{socket4, POLLIN, 0},
                                  pollfd{socket6, POLLIN, 0}};
  auto next = steady_clock::now();
  for (uint16_t number = 0; stopped == 0;) {
    if (steady_clock::now() >= next) {
      next += kInterval;
      Ask(socket4, 4, number);
      Ask(socket6, 6, number++);
    }
    const auto wait =
        std::max(next - steady_clock::now(), steady_clock::duration::zero());
    const timespec patience = {
        .tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(wait).count()};
    (void)ppoll(polled.data(), polled.size(), &patience, nullptr);
    TakeAnswers(socket4, 4);
    TakeAnswers(socket6, 6);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: ping_often IPV4 IPV6\n");
    return 2;
  }
  const int socket4 = Open(AF_INET, argv[1]);
  const int socket6 = Open(AF_INET6, argv[2]);
  if (socket4 < 0 || socket6 < 0) {
    fmt::print(stderr, "ping_often: {}\n", strerror(errno));
    return 1;
  }
  signal(SIGTERM, [](int) { stopped = 1; });
  setvbuf(stdout, nullptr, _IOLBF, 0);
  Run(socket4, socket6);
}
