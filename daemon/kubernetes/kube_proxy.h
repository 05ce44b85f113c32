// KubeProxy: does kube-proxy let the kernel answer for services' addresses?
//
// In IPVS mode kube-proxy puts the address of each service on an interface of
// every node, so each kernel answers ARP for it unless `ipvs.strictARP` is set.
// This reads kube-proxy's ConfigMap, kube-system/kube-proxy, at the start and
// every kInterval: one small request, no watch. A cluster without that
// ConfigMap has no kube-proxy, or one that is configured elsewhere. Without the
// right to read it nothing is known; RefusalRecorder says so once.
//
//   KubeProxy proxy(loop, client, [&](const std::string& fault) {
//     Tell(fault);
//   });
//   proxy.Start();
//
// Loop thread only. The loop and the client outlive it.
#ifndef LB_DAEMON_KUBERNETES_KUBE_PROXY_H_
#define LB_DAEMON_KUBERNETES_KUBE_PROXY_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lb/config/yaml_tree.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/collected_response.h"

namespace lb {

// The fault of the ConfigMap, with the command that repairs it; empty: there is
// none, or the map has no configuration that can be read. Pure.
std::string FindKubeProxyFault(const config::YamlNode& config_map);

class KubeProxy {
 public:
  static constexpr absl::Duration kInterval = absl::Minutes(10);
  // After a request that was not answered.
  static constexpr absl::Duration kRetry = absl::Seconds(30);

  // `on_change`: the fault is another; empty: it is repaired.
  KubeProxy(io::Loop* loop, http::Client* client,
            std::function<void(const std::string& fault)> on_change);
  KubeProxy(const KubeProxy&) = delete;
  KubeProxy& operator=(const KubeProxy&) = delete;
  ~KubeProxy();

  void Start() { Ask(); }

  // As it was read last.
  const std::string& fault() const { return fault_; }

 private:
  void Ask();
  void OnAnswer(const kubernetes::CollectedAnswer& answer);
  void SetFault(std::string fault);

  io::Loop* const loop_;
  http::Client* const client_;
  const std::function<void(const std::string& fault)> on_change_;
  std::string fault_;
  std::optional<http::RequestId> request_;
  std::unique_ptr<io::Timer> timer_;  // Runs Ask().
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_KUBE_PROXY_H_
