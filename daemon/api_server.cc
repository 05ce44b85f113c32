#include "daemon/api_server.h"

#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "daemon/host_name.h"
#include "daemon/kubernetes/pod_facts.h"
#include "lb/config/text_file.h"

namespace lb {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;

std::string ReadVariable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  return config::ReadTextFile(path, kFileBytesMax);
}

}  // namespace

absl::Status TakePodVariables(Options* options) {
  return TakeVariables(ReadVariable, options);
}

absl::Status CheckApiAccess(const KubernetesSettings& settings) {
  return FindAccess(settings, ReadVariable, ReadFile).status();
}

absl::StatusOr<std::unique_ptr<ApiClient>> MakeApiClient(
    const http::Ports& ports, const KubernetesSettings& settings,
    RefusalRecorder::Record on_refused) {
  return ApiClient::Make(
      ports,
      {.find_access =
           [settings] { return FindAccess(settings, ReadVariable, ReadFile); },
       .read_file = ReadFile,
       .on_refused = std::move(on_refused)});
}

KubernetesNode::Options NodeOptionsOf(const Options& options,
                                      const kubernetes::Access& access) {
  KubernetesNode::Options node;
  node.settings = options.kubernetes;
  node.node = options.node_name.empty() ? absl::AsciiStrToLower(HostName())
                                        : options.node_name;
  node.pod = ReadVariable("METALLB_POD_NAME");
  node.own_namespace = OwnNamespace(options.kubernetes, ReadVariable, access);
  node.load_balancer_class = options.load_balancer_class;
  return node;
}

}  // namespace lb
