#include "lb/kubernetes/in_cluster.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"
#include "lb/kubernetes/cut_text.h"

namespace lb::kubernetes {
namespace {

// The variables are an address or a name without brackets, and a port.
absl::StatusOr<net::HostPort> ReadServer(
    const InClusterEnvironment& environment) {
  if (environment.host.empty() || environment.port.empty()) {
    return absl::NotFoundError(
        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: not set, want "
        "both, as in a pod; elsewhere use a kubeconfig");
  }
  uint32_t port = 0;
  if (!absl::SimpleAtoi(environment.port, &port) || port == 0 || port > 65535) {
    return absl::InvalidArgumentError(
        fmt::format("KUBERNETES_SERVICE_PORT: \"{}\", want 1..65535",
                    CutText(environment.port, 64)));
  }
  absl::StatusOr<net::HostPort> server =
      net::ParseHostPort(environment.host, static_cast<uint16_t>(port));
  if (!server.ok()) {
    return Prefixed("KUBERNETES_SERVICE_HOST", server.status());
  }
  return server;
}

}  // namespace

absl::StatusOr<Access> ReadInClusterAccess(
    const InClusterEnvironment& environment, FileReader reader) {
  Access access;
  LB_ASSIGN_OR_RETURN(access.server, ReadServer(environment));
  access.certificate_authority.file =
      fmt::format("{}/ca.crt", environment.folder);
  access.token_file = fmt::format("{}/token", environment.folder);

  absl::StatusOr<std::string> authority =
      reader(access.certificate_authority.file);
  absl::Status status =
      authority.ok() ? CheckPem(*authority, "CERTIFICATE") : authority.status();
  if (!status.ok()) return Prefixed(access.certificate_authority.file, status);
  access.certificate_authority.text = *std::move(authority);

  const absl::StatusOr<std::string> token = reader(access.token_file);
  status = token.ok() ? CheckToken(*token).status() : token.status();
  if (!status.ok()) return Prefixed(access.token_file, status);

  absl::StatusOr<std::string> name_space =
      reader(fmt::format("{}/namespace", environment.folder));
  if (name_space.ok()) access.name_space = *std::move(name_space);
  while (access.name_space.ends_with('\n')) access.name_space.pop_back();
  return access;
}

}  // namespace lb::kubernetes
