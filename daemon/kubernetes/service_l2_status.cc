#include "daemon/kubernetes/service_l2_status.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/types/span.h"
#include "daemon/kubernetes/source_kinds.h"
#include "daemon/kubernetes/status_fields.h"
#include "fmt/format.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using config::YamlNode;
using kubernetes::TextAt;

constexpr std::string_view kServiceLabel = "metallb.io/service-name";
constexpr std::string_view kNamespaceLabel = "metallb.io/service-namespace";

std::vector<std::string> InterfacesOf(const YamlNode& object) {
  std::vector<std::string> names;
  const YamlNode* const list = kubernetes::NodeAt(object, "status.interfaces");
  if (list == nullptr) return names;
  for (const YamlNode& item : list->children) {
    if (names.size() == kStatusInterfacesMax) break;
    names.emplace_back(TextAt(item, "name"));
  }
  return names;
}

}  // namespace

StatusObjects::Wish WishOf(const ServiceL2Status& status) {
  const kubernetes::ObjectKey key = KeyOf(status.service);
  kubernetes::JsonWriter json;
  json.BeginMap().Pair("node", status.node);
  json.Pair("serviceName", key.name);
  json.Pair("serviceNamespace", key.name_space);
  json.Key("interfaces").BeginList();
  for (const std::string& interface :
       absl::MakeConstSpan(status.interfaces)
           .first(std::min(status.interfaces.size(), kStatusInterfacesMax))) {
    json.BeginMap().Pair("name", interface).EndMap();
  }
  json.EndList().EndMap();
  return {{{std::string(kNodeLabel), status.node},
           {std::string(kServiceLabel), key.name},
           {std::string(kNamespaceLabel), key.name_space}},
          std::move(json).Finish()};
}

StatusObjects::Object ReadServiceL2Status(const kubernetes::ObjectMeta& meta,
                                          const YamlNode& object) {
  StatusObjects::Object read = {.name = meta.key.name,
                                .owner_uid = OwnerUidOf(object)};
  const std::string name = LabelOf(object, kServiceLabel);
  const std::string name_space = LabelOf(object, kNamespaceLabel);
  const std::string node = LabelOf(object, kNodeLabel);
  if (name.empty() || name_space.empty()) return read;
  const std::array<std::string_view, 3> names = {
      TextAt(object, "status.node"), TextAt(object, "status.serviceName"),
      TextAt(object, "status.serviceNamespace")};
  const bool is_new = std::all_of(names.begin(), names.end(),
                                  [](std::string_view n) { return n.empty(); });
  if (!is_new &&
      names != std::array<std::string_view, 3>{node, name, name_space}) {
    return read;
  }
  read.key = fmt::format("{}/{}", name_space, name);
  read.says = WishOf({node, read.key, InterfacesOf(object)});
  if (is_new) read.says.status.clear();
  return read;
}

kubernetes::ReflectorOptions ServiceL2StatusesOf(
    const std::string& node, const std::string& own_namespace) {
  return {.resource = {"metallb.io", "v1beta1", "servicel2statuses"},
          .name_space = own_namespace,
          .label_selector = fmt::format("{}={}", kNodeLabel, node)};
}

}  // namespace lb
