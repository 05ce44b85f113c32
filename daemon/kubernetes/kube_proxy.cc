#include "daemon/kubernetes/kube_proxy.h"

#include <cstddef>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "lb/announce/strict_arp.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using config::YamlNode;
using kubernetes::TextAt;

constexpr char kPath[] = "/api/v1/namespaces/kube-system/configmaps/kube-proxy";
// A ConfigMap has at most 1 MiB.
constexpr size_t kAnswerBytesMax = 2u << 20;

std::string FaultText() {
  return fmt::format(
      "kube-proxy: mode is ipvs and ipvs.strictARP is not true: the kernel of "
      "each node answers for services' addresses, want it true: {}",
      announce::kKubeProxyRemedy);
}

}  // namespace

// The key is `config.conf` where kubeadm made the map; others have others.
std::string FindKubeProxyFault(const YamlNode& config_map) {
  const YamlNode* const data = config_map.Find("data");
  if (data == nullptr) return "";
  bool is_faulty = false;
  for (const YamlNode& file : data->children) {
    // kube-proxy itself complains of what it cannot read.
    (void)config::ForEachYamlDocument(file.text, [&](const YamlNode& conf) {
      is_faulty |= TextAt(conf, "mode") == "ipvs" &&
                   TextAt(conf, "ipvs.strictARP") != "true";
    });
  }
  return is_faulty ? FaultText() : "";
}

KubeProxy::KubeProxy(io::Loop* loop, http::Client* client,
                     std::function<void(const std::string& fault)> on_change)
    : loop_(loop), client_(client), on_change_(std::move(on_change)) {
  timer_ = loop_->NewTimer([this] { Ask(); });
}

KubeProxy::~KubeProxy() {
  if (request_) client_->Cancel(*request_);
}

void KubeProxy::Ask() {
  if (request_) client_->Cancel(*request_);
  timer_->Arm(loop_->Now() + kRetry);
  request_ = client_->Send(
      {.path = kPath, .headers = {{"accept", "application/json"}}},
      std::make_unique<kubernetes::CollectedResponse>(
          kAnswerBytesMax, [this](const kubernetes::CollectedAnswer& answer) {
            request_.reset();
            OnAnswer(answer);
          }));
}

void KubeProxy::OnAnswer(const kubernetes::CollectedAnswer& answer) {
  // An API server that begins refuses all for a moment, or fails.
  if (!answer.status.ok() || answer.code == 429 || answer.code >= 500) return;
  timer_->Arm(loop_->Now() + kInterval);
  if (answer.code == 404) return SetFault("");
  const auto config_map = kubernetes::ReadJson(answer.body);
  if (answer.code == 200 && config_map.ok()) {
    SetFault(FindKubeProxyFault(*config_map));
  }
}

void KubeProxy::SetFault(std::string fault) {
  if (fault == fault_) return;
  fault_ = std::move(fault);
  on_change_(fault_);
}

}  // namespace lb
