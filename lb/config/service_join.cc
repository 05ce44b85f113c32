#include "lb/config/service_join.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lb/config/object_readers.h"

namespace lb::config {

Labels LabelsOfNamespace(const std::string& name, const Objects& in_force) {
  const auto object = in_force.find("Namespace/" + name);
  return object == in_force.end()
             ? ImpliedNamespace(name).labels
             : std::get<NamespaceObject>(object->second.value).labels;
}

ipam::ServiceRequest RequestOf(const ServiceObject& service,
                               const Objects& in_force) {
  ipam::ServiceRequest request = service.request;
  request.namespace_labels =
      LabelsOfNamespace(request.service_namespace, in_force);
  return request;
}

Service JoinService(
    const Object& object, const Objects& in_force,
    std::optional<std::vector<election::ServiceEndpoint>> endpoints) {
  const auto& value = std::get<ServiceObject>(object.value);
  Service service = {.request = RequestOf(value, in_force),
                     .traffic = value.traffic};
  service.traffic.endpoints = std::move(endpoints);
  return service;
}

}  // namespace lb::config
