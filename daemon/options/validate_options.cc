// Validate(): options that are good alone, and do not go together.
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "daemon/options/kubernetes_options.h"
#include "daemon/options/options.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/net/endpoint.h"
#include "lb/net/host_port.h"

namespace lb {
namespace {

constexpr std::string_view kUnix = "unix:";

absl::Status Refuse(std::string_view option, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", option, why));
}

// One that `why` wants.
absl::Status NotGiven(std::string_view option, std::string_view why) {
  return Refuse(option, fmt::format("not given, {} wants it", why));
}

absl::Status ValidateTls(const Options& options) {
  const bool tls = !options.status.tls.cert.empty();
  if (tls != !options.status.tls.key.empty()) {
    return Refuse(tls ? "status-tls-key" : "status-tls-cert",
                  "not given, want both certificate and key");
  }
  const bool knows_clients = !options.status.tls.client_ca.empty();
  if (!tls && (knows_clients || options.status.tls.anonymous)) {
    return NotGiven("status-tls-cert", knows_clients ? "status-tls-client-ca"
                                                     : "status-tls-anonymous");
  }
  if (knows_clients && options.status.tls.anonymous) {
    return Refuse("status-tls-anonymous",
                  "\"true\", want false: status-tls-client-ca asks clients "
                  "for certificates");
  }
  const bool names_readers = !options.status.tls.readers.empty();
  const bool names_admins = !options.status.tls.admins.empty();
  for (const auto& [given, option] : {
           std::pair(options.status.admin_over_tls, "admin-over-tls"),
           std::pair(names_readers, "status-tls-readers"),
           std::pair(names_admins, "status-tls-admins"),
       }) {
    if (given && !knows_clients)
      return NotGiven("status-tls-client-ca", option);
  }
  if (names_admins && !options.status.admin_over_tls) {
    return NotGiven("admin-over-tls", "status-tls-admins");
  }
  if (names_readers && options.status.admin_over_tls && !names_admins) {
    return NotGiven("status-tls-admins",
                    "admin-over-tls with status-tls-readers");
  }
  return absl::OkStatus();
}

absl::Status ValidateListen(const Options& options, const std::string& listen) {
  if (listen.starts_with(kUnix)) return absl::OkStatus();
  const auto endpoint = net::ParseEndpoint(listen, 0);
  const bool is_loopback = endpoint.ok() && endpoint->address.is_loopback();
  if (options.status.tls.cert.empty()) {
    if (options.status.insecure && is_loopback) return absl::OkStatus();
    return Refuse("status-listen",
                  fmt::format("\"{}\" is plain TCP, want status-tls-cert and "
                              "status-tls-key, or insecure-status and a "
                              "loopback address",
                              listen));
  }
  if (is_loopback || options.status.tls.anonymous ||
      !options.status.tls.client_ca.empty()) {
    return absl::OkStatus();
  }
  return Refuse("status-listen",
                fmt::format("\"{}\" is open to other hosts, want "
                            "status-tls-client-ca, or status-tls-anonymous",
                            listen));
}

}  // namespace

absl::Status Validate(const Options& options) {
  LB_RETURN_IF_ERROR(ValidateTls(options));
  LB_RETURN_IF_ERROR(ValidateKubernetes(options));
  for (const net::HostPort& seed : options.gossip.join) {
    const absl::Status brackets =
        net::CheckBrackets(seed.text, options.gossip.bind.port);
    if (!brackets.ok()) return Refuse("join", std::string(brackets.message()));
  }
  for (const std::string& listen : options.status.listen) {
    LB_RETURN_IF_ERROR(ValidateListen(options, listen));
  }
  return absl::OkStatus();
}

absl::Status ValidateSecrecy(const Options& options) {
  if (!options.kubernetes.speaks()) return absl::OkStatus();
  if (!options.gossip.secret_file.empty() || options.gossip.in_the_clear) {
    return absl::OkStatus();
  }
  const bool is_reached = !options.gossip.bind.address.is_loopback();
  if (options.gossip.join.empty() && !is_reached) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "gossip-secret-file: not given, and {}: want the cluster's secret, the "
      "same on all nodes (\"lbctl secret new FILE\" makes one), or "
      "gossip-in-the-clear",
      is_reached ? fmt::format("others reach gossip-bind ({})",
                               options.gossip.bind.ToString())
                 : "join names other nodes"));
}

}  // namespace lb
