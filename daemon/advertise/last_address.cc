#include "daemon/advertise/last_address.h"

#include <string>

#include "lb/base/state_value.h"

namespace lb {
namespace {

constexpr char kName[] = "gossip-address";
constexpr StateFormat kFormat = {.magic = "LBGA",
                                 .what = "address of a gossip member"};

}  // namespace

std::optional<net::Endpoint> ReadLastAddress(
    const io::Environment& environment) {
  if (environment.state == nullptr) return std::nullopt;
  const auto value = environment.state->Read(kName);
  if (!value.ok()) return std::nullopt;
  const auto body = OpenStateValue(kFormat, *value);
  if (!body.ok()) return std::nullopt;
  const auto endpoint = net::ParseEndpoint(*body, /*default_port=*/0);
  if (!endpoint.ok() || endpoint->port == 0) return std::nullopt;
  return *endpoint;
}

void KeepLastAddress(const io::Environment& environment,
                     const net::Endpoint& endpoint) {
  if (environment.state == nullptr || endpoint.address.is_loopback()) return;
  if (ReadLastAddress(environment) == endpoint) return;
  environment.state->Write(kName, SealStateValue(kFormat, endpoint.ToString()),
                           [](const absl::Status&) {});
}

}  // namespace lb
