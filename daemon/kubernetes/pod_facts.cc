#include "daemon/kubernetes/pod_facts.h"

#include <utility>

#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/kubernetes/in_cluster.h"
#include "lb/kubernetes/kubeconfig.h"

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

PodFacts ReadPodFacts(const KubernetesSettings& settings,
                      const EnvironmentReader& environment,
                      const kubernetes::Access& access) {
  PodFacts facts = {.node = environment(kNodeNameVariable),
                    .pod = environment(kPodNameVariable),
                    .own_namespace = settings.name_space};
  if (facts.own_namespace.empty()) {
    facts.own_namespace = environment(kNamespaceVariable);
  }
  if (facts.own_namespace.empty() && settings.kubeconfig.empty()) {
    facts.own_namespace = access.name_space;
  }
  if (facts.own_namespace.empty()) facts.own_namespace = kDefaultNamespace;
  return facts;
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
