// The field `address` of a request to the status or admin service.
#ifndef LB_DAEMON_STATUS_VIEW_ADDRESS_FIELD_H_
#define LB_DAEMON_STATUS_VIEW_ADDRESS_FIELD_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"

namespace lb {

// Nullopt: the field is empty. InvalidArgument: "address: ...", no address.
absl::StatusOr<std::optional<net::IpAddress>> ReadAddressField(
    const std::string& text);

}  // namespace lb

#endif  // LB_DAEMON_STATUS_VIEW_ADDRESS_FIELD_H_
