#include "daemon/lbctl/server_address.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "daemon/lbctl/unix_socket.h"
#include "lb/config/printable.h"
#include "lb/net/host_port.h"
#include "lb/net/ip_address.h"

namespace lb::lbctl {
namespace {

constexpr size_t kPathSizeMax = 107;  // The kernel's limit for a unix socket.
constexpr size_t kShownMax = 256;

std::string FaultOfPath(std::string_view path) {
  if (path.empty()) return "no path";
  if (path.starts_with("//") && !path.starts_with("///")) {
    return "a host before the path";  // A URL has one; gRPC refuses it.
  }
  if (path.size() <= kPathSizeMax) return "";
  return fmt::format("a path of {} bytes, of at most {}", path.size(),
                     kPathSizeMax);
}

bool IsPort(std::string_view text) {
  uint32_t port = 0;
  return text.find_first_not_of("0123456789") == text.npos &&
         absl::SimpleAtoi(std::string(text), &port) && port > 0 &&
         port <= 0xffff;
}

// A link-local address needs its interface: "[fe80::1%eth0]:7473". This removes
// it.
std::string WithoutZone(std::string_view host) {
  const size_t zone = host.find('%');
  const bool has_zone = host.starts_with('[') && host.ends_with(']') &&
                        zone != host.npos && zone + 2 < host.size();
  return has_zone ? fmt::format("{}]", host.substr(0, zone))
                  : std::string(host);
}

std::string FaultOfHostPort(std::string_view server) {
  const size_t colon = server.rfind(':');
  const bool in_brackets = server.starts_with('[');
  if (!in_brackets && server.find(':') != colon) {
    const bool is_address = net::ParseIpAddress(server).ok() ||
                            net::ParseIpAddress(server.substr(0, colon)).ok();
    return is_address ? "an IPv6 address without brackets"
                      : "more than one colon";
  }
  if (colon == server.npos || (in_brackets && server.ends_with(']'))) {
    return "no port";
  }
  const std::string_view host = server.substr(0, colon);
  if (host.empty()) return "no host";
  const std::string_view port = server.substr(colon + 1);
  if (port.empty()) return "no port";
  if (!IsPort(port)) {
    return fmt::format("port \"{}\"", config::Printable(port, kShownMax));
  }
  if (net::ParseHostPort(WithoutZone(host), /*default_port=*/1).ok()) return "";
  return fmt::format("\"{}\" is no address and no host name",
                     config::Printable(host, kShownMax));
}

// Says what is wrong; empty if the address is right.
std::string FaultOf(std::string_view server) {
  if (server.empty()) return "empty";
  if (server.starts_with(kUnixPrefix)) {
    return FaultOfPath(server.substr(kUnixPrefix.size()));
  }
  if (server.find("://") != server.npos) return "a URL";
  if (server.find('/') != server.npos) return "a path without unix:";
  return FaultOfHostPort(server);
}

}  // namespace

absl::Status CheckServer(std::string_view server) {
  const std::string fault = FaultOf(server);
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "--server: \"{}\": {}, want unix:PATH, or HOST:PORT with a port of "
      "1..65535",
      config::Printable(server, kShownMax), fault));
}

}  // namespace lb::lbctl
