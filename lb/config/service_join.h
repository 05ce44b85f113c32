// What other objects add to a Service: its namespace's labels, its endpoints.
//
// Pure.
#ifndef LB_CONFIG_SERVICE_JOIN_H_
#define LB_CONFIG_SERVICE_JOIN_H_

#include <optional>
#include <string>
#include <vector>

#include "lb/base/label_selector.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/election/cluster.h"
#include "lb/ipam/service_request.h"

namespace lb::config {

// The labels of a namespace. One without an object has the label with its name.
Labels LabelsOfNamespace(const std::string& name, const Objects& in_force);

// The request with the labels of its namespace.
ipam::ServiceRequest RequestOf(const ServiceObject& service,
                               const Objects& in_force);

// The service of an object in force. `endpoints` are those of its slices;
// nullopt: it has none.
Service JoinService(
    const Object& object, const Objects& in_force,
    std::optional<std::vector<election::ServiceEndpoint>> endpoints);

}  // namespace lb::config

#endif  // LB_CONFIG_SERVICE_JOIN_H_
