#include "daemon/testing/many_services.h"

#include <fmt/format.h>

namespace lb {

std::string ManyServices(int count, int port) {
  std::string text =
      "apiVersion: metallb.io/v1beta1\n"
      "kind: IPAddressPool\n"
      "metadata: {name: pool}\n"
      "spec: {addresses: [10.0.0.0/16]}\n"
      "---\n"
      "apiVersion: metallb.io/v1beta1\n"
      "kind: L2Advertisement\n"
      "metadata: {name: all}\n";
  for (int i = 0; i < count; ++i) {
    text += fmt::format(
        "---\n"
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata: {{name: service-{}, namespace: default}}\n"
        "spec: {{type: LoadBalancer, ports: [{{port: {}}}]}}\n",
        i, i == count / 2 ? port : 80);
  }
  return text;
}

std::string ManyEndpointSlices(int count, bool ready) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += fmt::format(
        "---\n"
        "apiVersion: discovery.k8s.io/v1\n"
        "kind: EndpointSlice\n"
        "metadata: {{name: slice-{0}, namespace: default, "
        "labels: {{kubernetes.io/service-name: service-{0}}}}}\n"
        "addressType: IPv4\n"
        "endpoints: [{{addresses: [10.244.0.1], nodeName: n1, "
        "conditions: {{ready: {1}}}}}]\n",
        i, ready || i != count / 2);
  }
  return text;
}

std::string ManyNodes(int count, const std::string& zone) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += fmt::format(
        "---\n"
        "apiVersion: v1\n"
        "kind: Node\n"
        "metadata: {{name: node-{}, labels: {{zone: {}}}}}\n",
        i, i == count / 2 ? zone : "a");
  }
  return text;
}

}  // namespace lb
