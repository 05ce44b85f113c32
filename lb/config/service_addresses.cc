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

}  // namespace

absl::StatusOr<net::IpAddress> ReadServiceAddress(std::string_view text) {
  const std::string normal = net::NormalizeAddressText(text);
  LB_ASSIGN_OR_RETURN(const net::IpAddress address,
                      net::ParseIpAddress(normal));
  LB_RETURN_IF_ERROR(Check(normal, {address, address}));
  return address;
}

absl::StatusOr<net::IpRange> ReadServiceRange(std::string_view text) {
  const std::string normal = net::NormalizeAddressText(text);
  LB_ASSIGN_OR_RETURN(const net::IpRange range, net::ParseIpRange(normal));
  LB_RETURN_IF_ERROR(Check(normal, range));
  return range;
}

}  // namespace lb::config
