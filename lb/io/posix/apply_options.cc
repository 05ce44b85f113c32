#include "lb/io/posix/apply_options.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

// setsockopt() failed just now.
absl::Status Refused(std::string_view place, std::string_view what) {
  const int error = errno;
  const std::string text =
      fmt::format("{}: {}: {}", place, what, strerror(error));
  switch (error) {
    case ENODEV:
      return absl::NotFoundError(text);
    case EPERM:
    case EACCES:
      return absl::PermissionDeniedError(text);
    case ENOPROTOOPT:
      return absl::UnimplementedError(text);
    default:
      return absl::UnavailableError(text);
  }
}

// A setting of both families that is a number, with its name in messages.
struct NumberOption {
  int ipv4_name = 0;
  int ipv6_name = 0;
  std::string_view what;
};

constexpr NumberOption kTtl = {IP_TTL, IPV6_UNICAST_HOPS, "ttl"};
constexpr NumberOption kMinTtl = {IP_MINTTL, IPV6_MINHOPCOUNT, "min_ttl"};
constexpr NumberOption kTos = {IP_TOS, IPV6_TCLASS, "tos"};

// A socket of IPv6 at [::] has IPv4 peers by mapped addresses, and Linux goes
// by the settings of IPv4 for them.
absl::Status Set(int socket, const net::IpAddress& local,
                 const NumberOption& option, int value,
                 std::string_view place) {
  const bool has_ipv4 = local.is_ipv4() || local.is_unspecified();
  if (local.is_ipv6() && setsockopt(socket, SOL_IPV6, option.ipv6_name, &value,
                                    sizeof(value)) != 0) {
    return Refused(place, option.what);
  }
  if (has_ipv4 && setsockopt(socket, SOL_IP, option.ipv4_name, &value,
                             sizeof(value)) != 0) {
    return Refused(place, option.what);
  }
  return absl::OkStatus();
}

sockaddr_storage ToKernel(const net::IpAddress& peer, net::IpFamily family) {
  sockaddr_storage address = {};
  const std::array<uint8_t, 16> mapped = peer.ToMappedBytes();
  if (family == net::IpFamily::kIpv6) {
    sockaddr_in6 six = {.sin6_family = AF_INET6};
    std::copy(mapped.begin(), mapped.end(), six.sin6_addr.s6_addr);
    memcpy(&address, &six, sizeof(six));
    return address;
  }
  sockaddr_in four = {.sin_family = AF_INET};
  memcpy(&four.sin_addr, mapped.data() + 12, sizeof(four.sin_addr));
  memcpy(&address, &four, sizeof(four));
  return address;
}

}  // namespace

absl::Status ApplyOptions(int socket, const net::IpAddress& local,
                          const SocketOptions& options,
                          std::string_view place) {
  if (!options.interface.empty() &&
      setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, options.interface.c_str(),
                 static_cast<socklen_t>(options.interface.size())) != 0) {
    return Refused(place, fmt::format("interface {}", options.interface));
  }
  if (options.ttl != 0) {
    LB_RETURN_IF_ERROR(Set(socket, local, kTtl, options.ttl, place));
  }
  if (options.min_ttl != 0) {
    LB_RETURN_IF_ERROR(Set(socket, local, kMinTtl, options.min_ttl, place));
  }
  if (options.tos != 0) {
    LB_RETURN_IF_ERROR(Set(socket, local, kTos, options.tos, place));
  }
  return absl::OkStatus();
}

absl::Status ApplyUserTimeout(int socket, absl::Duration timeout,
                              std::string_view place) {
  const auto ms = static_cast<unsigned>(absl::ToInt64Milliseconds(timeout));
  if (setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)) == 0) {
    return absl::OkStatus();
  }
  return Refused(place, "user_timeout");
}

absl::Status ApplyMd5Key(int socket, const net::IpAddress& local,
                         const Md5Key& key, std::string_view place) {
  tcp_md5sig signature = {};
  const sockaddr_storage peer = ToKernel(key.peer, local.family());
  memcpy(&signature.tcpm_addr, &peer, sizeof(peer));
  signature.tcpm_keylen = static_cast<uint16_t>(key.key.size());
  std::copy(key.key.begin(), key.key.end(), signature.tcpm_key);
  const int set = setsockopt(socket, IPPROTO_TCP, TCP_MD5SIG, &signature,
                             sizeof(signature));
  const bool was_absent = key.key.empty() && errno == ENOENT;
  if (set == 0 || was_absent) return absl::OkStatus();
  return Refused(place, fmt::format("md5 key of {}", key.peer.ToString()));
}

}  // namespace lb::io
