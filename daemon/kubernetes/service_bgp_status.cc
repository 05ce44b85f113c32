#include "daemon/kubernetes/service_bgp_status.h"

#include <algorithm>
#include <utility>

#include "absl/types/span.h"
#include "daemon/kubernetes/service_status.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using config::YamlNode;

std::vector<std::string> PeersOf(const YamlNode& object) {
  std::vector<std::string> peers;
  const YamlNode* const list = kubernetes::NodeAt(object, "status.peers");
  if (list == nullptr) return peers;
  for (const YamlNode& item : list->children) {
    if (peers.size() == kStatusPeersMax) break;
    peers.emplace_back(item.text);
  }
  return peers;
}

}  // namespace

StatusObjects::Wish WishOf(const ServiceBgpStatus& status) {
  const ServiceOfNode names = {status.node, status.service};
  kubernetes::JsonWriter json;
  json.BeginMap();
  AddFields(names, &json);
  json.Key("peers").BeginList();
  for (const std::string& peer :
       absl::MakeConstSpan(status.peers)
           .first(std::min(status.peers.size(), kStatusPeersMax))) {
    json.Text(peer);
  }
  json.EndList().EndMap();
  return {LabelsOf(names), std::move(json).Finish()};
}

StatusObjects::Object ReadServiceBgpStatus(const kubernetes::ObjectMeta& meta,
                                           const YamlNode& object) {
  return ReadServiceStatus(meta, object, [&](ServiceOfNode names) {
    return WishOf(ServiceBgpStatus{std::move(names.node),
                                   std::move(names.service), PeersOf(object)});
  });
}

kubernetes::ReflectorOptions ServiceBgpStatusesOf(
    const std::string& node, const std::string& own_namespace) {
  return ServiceStatusesOf("servicebgpstatuses", node, own_namespace);
}

}  // namespace lb
