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

}  // namespace lb
