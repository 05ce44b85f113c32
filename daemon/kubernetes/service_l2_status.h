// ServiceL2Status: the object of MetalLB's API by which the node that announces
// a service on layer 2 says so.
//
// Labels and keys are as service_status.h has them. Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_SERVICE_L2_STATUS_H_
#define LB_DAEMON_KUBERNETES_SERVICE_L2_STATUS_H_

#include <string>
#include <string_view>
#include <vector>

#include "daemon/kubernetes/status_objects.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/reflector_options.h"

namespace lb {

inline constexpr std::string_view kServiceL2Status = "ServiceL2Status";

// Interfaces of a status beyond that are neither written nor read.
inline constexpr size_t kStatusInterfacesMax = 256;

struct ServiceL2Status {
  std::string node;
  std::string service;                  // "default/web"
  std::vector<std::string> interfaces;  // Sorted; empty: all of the node's.
};

StatusObjects::Wish WishOf(const ServiceL2Status& status);

StatusObjects::Object ReadServiceL2Status(const kubernetes::ObjectMeta& meta,
                                          const config::YamlNode& object);

// Lists the objects of a node.
kubernetes::ReflectorOptions ServiceL2StatusesOf(
    const std::string& node, const std::string& own_namespace);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_SERVICE_L2_STATUS_H_
