#include "lb/net/endpoint.h"

#include <fmt/format.h>

#include <charconv>

#include "lb/base/status_macros.h"

namespace lb::net {
namespace {

absl::StatusOr<uint16_t> ParsePort(std::string_view text,
                                   std::string_view digits) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
  if (error != std::errc() || end != digits.end() || port == 0) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": port \"{}\", want 1..65535", text, digits));
  }
  return port;
}

}  // namespace

std::string Endpoint::ToString() const {
  if (address.is_ipv6())
    return fmt::format("[{}]:{}", address.ToString(), port);
  return fmt::format("{}:{}", address.ToString(), port);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text,
                                       uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;  // Empty: none given.
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\": want [address]:port", text));
    }
    host = text.substr(1, bracket - 1);
    port = text.substr(bracket + 1);
  } else if (text.find(':') == text.rfind(':') &&
             text.find(':') != std::string_view::npos) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':'));
  }
  LB_ASSIGN_OR_RETURN(const IpAddress address, ParseIpAddress(host));
  if (port.empty()) return Endpoint{address, default_port};
  if (port[0] != ':') {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": want [address]:port", text));
  }
  LB_ASSIGN_OR_RETURN(const uint16_t number, ParsePort(text, port.substr(1)));
  return Endpoint{address, number};
}

}  // namespace lb::net
