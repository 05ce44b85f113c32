#include "tests/sim/manifests.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lb {

std::string PoolManifest(const std::string& name, const std::string& range) {
  return PoolManifest(name, std::vector{range});
}

std::string PoolManifest(const std::string& name,
                         const std::vector<std::string>& ranges) {
  return fmt::format(
      "---\n"
      "apiVersion: metallb.io/v1beta1\n"
      "kind: IPAddressPool\n"
      "metadata: {{name: {}}}\n"
      "spec: {{addresses: ['{}']}}\n",
      name, fmt::join(ranges, "', '"));
}

std::string ServiceManifest(const std::string& name,
                            const std::string& wanted_address) {
  return fmt::format(
      "---\n"
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {{name: {}, namespace: default}}\n"
      "spec: {{type: LoadBalancer, loadBalancerIP: '{}', ports: [{{port: "
      "80}}]}}\n",
      name, wanted_address);
}

std::string Basics() {
  return PoolManifest("first-pool", "172.18.8.201-172.18.8.205") +
         kAdvertisement;
}

const config::Manifests& ParsedManifests::Of(const std::string& text) {
  const auto [it, is_new] = parsed_.try_emplace(text);
  if (is_new) config::ParseManifests("test.yaml", text, {}, &it->second);
  return it->second;
}

}  // namespace lb
