// Service addresses as manifests write them: read, and refused if no service
// can have them.
//
// White space and dashes of every kind are read (lb/net/address_text.h).
// Unspecified, loopback, link-local, multicast and broadcast addresses are
// refused, and IPv4 addresses that are written as IPv6. Pure functions;
// InvalidArgument names the text and what is wanted.
#ifndef LB_CONFIG_SERVICE_ADDRESSES_H_
#define LB_CONFIG_SERVICE_ADDRESSES_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::config {

absl::StatusOr<net::IpAddress> ReadServiceAddress(std::string_view text);
// "first-last" or "address/length", with service addresses only.
absl::StatusOr<net::IpRange> ReadServiceRange(std::string_view text);

}  // namespace lb::config

#endif  // LB_CONFIG_SERVICE_ADDRESSES_H_
