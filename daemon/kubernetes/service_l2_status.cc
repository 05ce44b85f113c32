#include "daemon/kubernetes/service_l2_status.h"

#include <algorithm>
#include <utility>

#include "absl/types/span.h"
#include "daemon/kubernetes/service_status.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using config::YamlNode;

std::vector<std::string> InterfacesOf(const YamlNode& object) {
  std::vector<std::string> names;
  const YamlNode* const list = kubernetes::NodeAt(object, "status.interfaces");
  if (list == nullptr) return names;
  for (const YamlNode& item : list->children) {
    if (names.size() == kStatusInterfacesMax) break;
    names.emplace_back(kubernetes::TextAt(item, "name"));
  }
  return names;
}

}  // namespace

StatusObjects::Wish WishOf(const ServiceL2Status& status) {
  const ServiceOfNode names = {status.node, status.service};
  kubernetes::JsonWriter json;
  json.BeginMap();
  AddFields(names, &json);
  json.Key("interfaces").BeginList();
  for (const std::string& interface :
       absl::MakeConstSpan(status.interfaces)
           .first(std::min(status.interfaces.size(), kStatusInterfacesMax))) {
    json.BeginMap().Pair("name", interface).EndMap();
  }
  json.EndList().EndMap();
  return {LabelsOf(names), std::move(json).Finish()};
}

StatusObjects::Object ReadServiceL2Status(const kubernetes::ObjectMeta& meta,
                                          const YamlNode& object) {
  return ReadServiceStatus(meta, object, [&](ServiceOfNode names) {
    return WishOf(ServiceL2Status{
        std::move(names.node), std::move(names.service), InterfacesOf(object)});
  });
}

kubernetes::ReflectorOptions ServiceL2StatusesOf(
    const std::string& node, const std::string& own_namespace) {
  return ServiceStatusesOf("servicel2statuses", node, own_namespace);
}

}  // namespace lb
