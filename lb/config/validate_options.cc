// Validate(): options that are good alone, and do not go together.
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/config/options.h"
#include "lb/net/endpoint.h"
#include "lb/net/host_port.h"

namespace lb::config {
namespace {

constexpr std::string_view kUnix = "unix:";

}  // namespace

absl::Status Validate(const Options& options) {
  const auto refuse = [](std::string_view option, std::string_view why) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", option, why));
  };
  const bool tls = !options.status_tls_cert.empty();
  if (tls != !options.status_tls_key.empty()) {
    return refuse(tls ? "status-tls-key" : "status-tls-cert",
                  "not given, want both certificate and key");
  }
  if (!tls && !options.status_tls_client_ca.empty()) {
    return refuse("status-tls-cert",
                  "not given, status-tls-client-ca wants it");
  }
  if (options.admin_over_tls && options.status_tls_client_ca.empty()) {
    return refuse("status-tls-client-ca", "not given, admin-over-tls wants it");
  }
  for (const net::HostPort& seed : options.join) {
    const absl::Status brackets =
        net::CheckBrackets(seed.text, options.gossip_bind.port);
    if (!brackets.ok()) return refuse("join", std::string(brackets.message()));
  }
  for (const std::string& listen : options.status_listen) {
    if (tls || listen.starts_with(kUnix)) continue;
    const auto endpoint = net::ParseEndpoint(listen, 0);
    if (options.insecure_status && endpoint.ok() &&
        endpoint->address.is_loopback()) {
      continue;
    }
    return refuse("status-listen",
                  fmt::format("\"{}\" is plain TCP, want status-tls-cert and "
                              "status-tls-key, or insecure-status and a "
                              "loopback address",
                              listen));
  }
  return absl::OkStatus();
}

absl::Status ValidateSecrecy(const Options& options) {
  if (!options.gossip_secret_file.empty() || options.gossip_in_the_clear) {
    return absl::OkStatus();
  }
  const bool is_reached = !options.gossip_bind.address.is_loopback();
  if (options.join.empty() && !is_reached) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "gossip-secret-file: not given, and {}: want the cluster's secret, the "
      "same on all nodes (\"lbctl secret new FILE\" makes one), or "
      "gossip-in-the-clear",
      is_reached ? fmt::format("others reach gossip-bind ({})",
                               options.gossip_bind.ToString())
                 : "join names other nodes"));
}

}  // namespace lb::config
