#include "daemon/kubernetes/service_status.h"

#include <algorithm>
#include <array>

#include "daemon/kubernetes/source_kinds.h"
#include "daemon/kubernetes/status_fields.h"
#include "fmt/format.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using kubernetes::TextAt;

constexpr std::string_view kServiceLabel = "metallb.io/service-name";
constexpr std::string_view kNamespaceLabel = "metallb.io/service-namespace";

}  // namespace

Labels LabelsOf(const ServiceOfNode& status) {
  const kubernetes::ObjectKey key = KeyOf(status.service);
  return {{std::string(kNodeLabel), status.node},
          {std::string(kServiceLabel), key.name},
          {std::string(kNamespaceLabel), key.name_space}};
}

void AddFields(const ServiceOfNode& status, kubernetes::JsonWriter* json) {
  const kubernetes::ObjectKey key = KeyOf(status.service);
  json->Pair("node", status.node);
  json->Pair("serviceName", key.name);
  json->Pair("serviceNamespace", key.name_space);
}

StatusObjects::Object ReadServiceStatus(
    const kubernetes::ObjectMeta& meta, const config::YamlNode& object,
    const std::function<StatusObjects::Wish(ServiceOfNode)>& wish_of) {
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
  read.says = wish_of({node, read.key});
  if (is_new) read.says.status.clear();
  return read;
}

kubernetes::ReflectorOptions ServiceStatusesOf(
    std::string_view plural, const std::string& node,
    const std::string& own_namespace) {
  return {.resource = {"metallb.io", "v1beta1", std::string(plural)},
          .name_space = own_namespace,
          .label_selector = fmt::format("{}={}", kNodeLabel, node)};
}

}  // namespace lb
