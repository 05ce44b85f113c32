#include "daemon/kubernetes/pod_facts.h"

#include <utility>

#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/kubernetes/in_cluster.h"
#include "lb/kubernetes/kubeconfig.h"
#include "lb/net/endpoint.h"

namespace lb {
namespace {

absl::StatusOr<kubernetes::Access> FindNamedAccess(
    const KubernetesSettings& settings, const EnvironmentReader& environment,
    kubernetes::FileReader reader) {
  if (settings.kubeconfig.empty()) {
    return kubernetes::ReadInClusterAccess(
        {.host = environment("KUBERNETES_SERVICE_HOST"),
         .port = environment("KUBERNETES_SERVICE_PORT")},
        reader);
  }
  absl::StatusOr<std::string> text = reader(settings.kubeconfig);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        fmt::format("kubeconfig: {}: {}", settings.kubeconfig,
                                    std::string(text.status().message())));
  }
  return kubernetes::ReadKubeconfig(
      {.text = *std::move(text), .path = settings.kubeconfig}, reader);
}

}  // namespace

std::string OwnNamespace(const KubernetesSettings& settings,
                         const EnvironmentReader& environment,
                         const kubernetes::Access& access) {
  if (!settings.name_space.empty()) return settings.name_space;
  std::string told = environment(kNamespaceVariable);
  if (told.empty() && settings.kubeconfig.empty()) told = access.name_space;
  return told.empty() ? kDefaultNamespace : told;
}

absl::Status TakeVariables(const EnvironmentReader& environment,
                           Options* options) {
  if (!options->kubernetes.enabled) return absl::OkStatus();
  if (options->node_name.empty()) {
    options->node_name = environment(kNodeNameVariable);
  }
  const std::string folder = environment("METALLB_ML_SECRET_KEY_PATH");
  if (options->gossip.secret_file.empty() && !folder.empty()) {
    options->gossip.secret_file = folder + "/secretkey";
  }
  const std::string pods = environment("METALLB_ML_LABELS");
  if (!pods.empty() && options->kubernetes.speaker_pods == kSpeakerPods) {
    options->kubernetes.speaker_pods = pods;
  }
  std::string bind = environment("METALLB_ML_BIND_ADDR");
  if (bind.empty() || options->gossip.bind != Options().gossip.bind) {
    return absl::OkStatus();
  }
  const std::string port = environment("METALLB_ML_BIND_PORT");
  if (!port.empty()) {
    bind = bind.find(':') == bind.npos ? fmt::format("{}:{}", bind, port)
                                       : fmt::format("[{}]:{}", bind, port);
  }
  const auto endpoint = net::ParseEndpoint(bind, kGossipPort);
  if (!endpoint.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("METALLB_ML_BIND_ADDR, METALLB_ML_BIND_PORT: {}",
                    std::string(endpoint.status().message())));
  }
  options->gossip.bind = *endpoint;
  return absl::OkStatus();
}

absl::StatusOr<kubernetes::Access> FindAccess(
    const KubernetesSettings& settings, const EnvironmentReader& environment,
    kubernetes::FileReader reader) {
  LB_ASSIGN_OR_RETURN(kubernetes::Access access,
                      FindNamedAccess(settings, environment, reader));
  if (settings.api_server.empty()) return access;
  const auto url = kubernetes::ParseServerUrl(settings.api_server);
  if (!url.ok()) {
    return absl::InvalidArgumentError(fmt::format(
        "kube-api-server: {}", std::string(url.status().message())));
  }
  // Its certificate is for the name by which it is reached otherwise.
  if (access.tls_server_name.empty()) {
    access.tls_server_name = access.server.host;
  }
  access.server = url->server;
  access.path_prefix = url->path_prefix;
  return access;
}

http::TlsCredentials CredentialsOf(const kubernetes::Access& access) {
  return {.ca_pem = access.certificate_authority.text,
          .certificate_pem = access.client_certificate.text,
          .key_pem = access.client_key.text};
}

}  // namespace lb
