#include "lb/config/service_addresses.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/net/address_text.h"
#include "lb/net/service_address.h"

namespace lb::config {
namespace {

absl::Status Refuse(std::string_view text, std::string_view why,
                    std::string_view wanted) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\": {}, want {}", net::EscapedText(text), why, wanted));
}

absl::Status Check(std::string_view text, const net::IpRange& range) {
  const bool is_one = range.first == range.last;
  if (range.first.is_ipv4() && text.find(':') != std::string_view::npos) {
    return Refuse(text, "IPv4 written as IPv6",
                  is_one ? range.first.ToString() : range.ToString());
  }
  const std::string why = net::WhyNoServiceAddress(range);
  if (why.empty()) return absl::OkStatus();
  return Refuse(text, why, "addresses that a service can have");
}

// What the parsers would call something else.
absl::Status CheckForm(std::string_view text) {
  if (text.find('%') != std::string_view::npos) {
    return Refuse(text, "a zone of one host's interfaces",
                  "addresses without '%' and what follows");
  }
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return absl::OkStatus();
  const auto address = net::ParseIpAddress(text.substr(0, slash));
  if (!address.ok() || !address->is_ipv4() ||
      text.find(':') == std::string_view::npos) {
    return absl::OkStatus();
  }
  return Refuse(text, "IPv4 written as IPv6",
                fmt::format("{}/LENGTH", address->ToString()));
}

// The fault of a part of the text, with all of it in front.
absl::Status WithWhole(std::string_view text, const absl::Status& fault) {
  const std::string whole = fmt::format("\"{}\"", net::EscapedText(text));
  const std::string message(fault.message());
  if (fault.ok() || message.starts_with(whole)) return fault;
  return absl::InvalidArgumentError(fmt::format("{}: {}", whole, message));
}

}  // namespace

absl::StatusOr<net::IpAddress> ReadServiceAddress(std::string_view text) {
  const std::string normal = net::NormalizeAddressText(text);
  LB_RETURN_IF_ERROR(CheckForm(normal));
  LB_ASSIGN_OR_RETURN(const net::IpAddress address,
                      net::ParseIpAddress(normal));
  LB_RETURN_IF_ERROR(Check(normal, {address, address}));
  return address;
}

absl::StatusOr<net::IpRange> ReadServiceRange(std::string_view text) {
  const std::string normal = net::NormalizeAddressText(text);
  LB_RETURN_IF_ERROR(CheckForm(normal));
  const auto range = net::ParseIpRange(normal);
  LB_RETURN_IF_ERROR(WithWhole(normal, range.status()));
  LB_RETURN_IF_ERROR(Check(normal, *range));
  return *range;
}

}  // namespace lb::config
