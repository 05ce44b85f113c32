#include "daemon/status_view/address_field.h"

#include "absl/status/status.h"

namespace lb {

absl::StatusOr<std::optional<net::IpAddress>> ReadAddressField(
    const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto address = net::ParseIpAddress(text);
  if (address.ok()) return *address;
  return absl::InvalidArgumentError("address: " +
                                    std::string(address.status().message()));
}

}  // namespace lb
