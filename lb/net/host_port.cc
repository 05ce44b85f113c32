#include "lb/net/host_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "lb/base/status_macros.h"

namespace lb::net {
namespace {

constexpr size_t kNameSizeMax = 253;
constexpr size_t kLabelSizeMax = 63;

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isdigit(c); });
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLabelSizeMax &&
         label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_';
         });
}

// "10.0.0.300" is a wrong address, not a name.
bool IsHostName(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kNameSizeMax) return false;
  const std::vector<std::string> labels =
      absl::StrSplit(std::string(name), '.');
  return std::all_of(labels.begin(), labels.end(), IsLabel) &&
         !IsNumber(labels.back());
}

}  // namespace

std::string HostPort::ToString() const {
  if (address) return Endpoint{*address, port}.ToString();
  return fmt::format("{}:{}", host, port);
}

absl::Status CheckBrackets(std::string_view text, uint16_t usual_port) {
  const size_t colon = text.rfind(':');
  if (text.starts_with('[') || text.find(':') == colon) {
    return absl::OkStatus();
  }
  const std::string_view last = text.substr(colon + 1);
  const auto address = ParseIpAddress(text.substr(0, colon));
  uint32_t port = 0;
  if (!address.ok() || !address->is_ipv6() || !IsNumber(last) ||
      !absl::SimpleAtoi(std::string(last), &port) || port == 0 ||
      port > 0xffff) {
    return absl::OkStatus();
  }
  const bool is_address = ParseIpAddress(text).ok();
  if (is_address && port != usual_port) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "\"{}\": an IPv6 address and a port without brackets, want [{}]:{}{}",
      text, address->ToString(), port,
      is_address ? fmt::format(", or [{}] for that address", text) : ""));
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text,
                                       uint16_t default_port) {
  HostPort parsed;
  LB_RETURN_IF_ERROR(CheckBrackets(text, default_port));
  const auto endpoint = ParseEndpoint(text, default_port);
  if (endpoint.ok()) {
    parsed = HostPort(*endpoint);
    parsed.text = std::string(text);
    return parsed;
  }
  const std::string_view host = text.substr(0, text.find(':'));
  if (text.starts_with('[') || text.find(':') != text.rfind(':')) {
    return endpoint.status();
  }
  if (!IsHostName(host)) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": want an address or a host name, and perhaps "
                    ":port",
                    text));
  }
  parsed.host = std::string(host);
  parsed.port = default_port;
  parsed.text = std::string(text);
  if (host.size() == text.size()) return parsed;
  const std::string_view digits = text.substr(host.size() + 1);
  uint32_t port = 0;
  if (!IsNumber(digits) || !absl::SimpleAtoi(std::string(digits), &port) ||
      port == 0 || port > 0xffff) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": port \"{}\", want 1..65535", text, digits));
  }
  parsed.port = static_cast<uint16_t>(port);
  return parsed;
}

}  // namespace lb::net
