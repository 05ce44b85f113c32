// What ServiceL2Status and ServiceBGPStatus have in common: objects by which a
// node says that it announces a service.
//
// Labels name the node and the service, and the status names them again. A node
// finds its objects by the label of the node. Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_SERVICE_STATUS_H_
#define LB_DAEMON_KUBERNETES_SERVICE_STATUS_H_

#include <functional>
#include <string>
#include <string_view>

#include "daemon/kubernetes/status_objects.h"
#include "lb/base/label_selector.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/reflector_options.h"

namespace lb {

inline constexpr std::string_view kNodeLabel = "metallb.io/node";

// Which node announces, and what.
struct ServiceOfNode {
  std::string node;
  std::string service;  // "default/web"
};

Labels LabelsOf(const ServiceOfNode& status);

// Adds the pairs of the status that name both.
void AddFields(const ServiceOfNode& status, kubernetes::JsonWriter* json);

// The key is the service that the labels name. It is empty if they name none,
// or if the status names another service or node: the server lets no client
// change these fields. Else `wish_of` reads what the object says.
StatusObjects::Object ReadServiceStatus(
    const kubernetes::ObjectMeta& meta, const config::YamlNode& object,
    const std::function<StatusObjects::Wish(ServiceOfNode)>& wish_of);

// Lists the objects of a node. `plural`: "servicel2statuses".
kubernetes::ReflectorOptions ServiceStatusesOf(
    std::string_view plural, const std::string& node,
    const std::string& own_namespace);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_SERVICE_STATUS_H_
