#include "tests/sim/chaos/kubernetes/eligible_nodes.h"

#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "lb/election/cluster.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::chaos {
namespace {

using config::YamlNode;
using kubernetes::NodeAt;
using kubernetes::TextAt;

// Keys with dots of their own cannot be in a path.
const YamlNode* Entry(const YamlNode& object, std::string_view path,
                      std::string_view key) {
  const YamlNode* const map = NodeAt(object, path);
  return map == nullptr ? nullptr : map->Find(key);
}

std::set<std::string> ReadyNodes(const kubernetes::SimApiServer& server,
                                 const kubernetes::ObjectKey& service) {
  std::set<std::string> nodes;
  const auto& slices =
      server.store().Objects(SimKubernetes::ResourceOf("EndpointSlice"));
  for (const auto& [key, slice] : slices) {
    const YamlNode* const owner =
        Entry(*slice, "metadata.labels", "kubernetes.io/service-name");
    const YamlNode* const endpoints = slice->Find("endpoints");
    const bool is_of_service = owner != nullptr &&
                               owner->text == service.name &&
                               key.name_space == service.name_space;
    if (!is_of_service || endpoints == nullptr) continue;
    for (const YamlNode& endpoint : endpoints->children) {
      if (TextAt(endpoint, "conditions.ready") == "false") continue;
      nodes.emplace(TextAt(endpoint, "nodeName"));
    }
  }
  return nodes;
}

}  // namespace

std::set<std::string> EligibleNodes(const kubernetes::SimApiServer& server,
                                    const kubernetes::ObjectKey& service) {
  const YamlNode& object =
      *server.store().Objects(SimKubernetes::ResourceOf("Service")).at(service);
  const std::set<std::string> ready = ReadyNodes(server, service);
  const bool is_local = TextAt(object, "spec.externalTrafficPolicy") == "Local";
  std::set<std::string> eligible;
  if (ready.empty()) return eligible;
  const auto& nodes = server.store().Objects(SimKubernetes::ResourceOf("Node"));
  for (const auto& [key, node] : nodes) {
    const bool is_excluded =
        Entry(*node, "metadata.labels", election::kExcludeLabel) != nullptr;
    if (is_excluded || (is_local && !ready.contains(key.name))) continue;
    eligible.insert(key.name);
  }
  return eligible;
}

Wish WishOf(const YamlNode& service) {
  const YamlNode* const pool =
      Entry(service, "metadata.annotations", "metallb.io/address-pool");
  return {std::string(TextAt(service, "spec.loadBalancerIP")),
          pool == nullptr ? "" : pool->text};
}

}  // namespace lb::chaos
