// ServiceBGPStatus: the object of MetalLB's API by which each node that
// announces a service by BGP says to which peers.
//
// It says what the objects ask for, not whether sessions are up. Labels and
// keys are as service_status.h has them. Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_SERVICE_BGP_STATUS_H_
#define LB_DAEMON_KUBERNETES_SERVICE_BGP_STATUS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kubernetes/status_objects.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/reflector_options.h"

namespace lb {

inline constexpr std::string_view kServiceBgpStatus = "ServiceBGPStatus";

// Peers of a status beyond that are neither written nor read; there are no more
// BGPPeers in force.
inline constexpr size_t kStatusPeersMax = 512;

struct ServiceBgpStatus {
  std::string node;
  std::string service;             // "default/web"
  std::vector<std::string> peers;  // Names of BGPPeers, sorted.
};

StatusObjects::Wish WishOf(const ServiceBgpStatus& status);

StatusObjects::Object ReadServiceBgpStatus(const kubernetes::ObjectMeta& meta,
                                           const config::YamlNode& object);

// Lists the objects of a node.
kubernetes::ReflectorOptions ServiceBgpStatusesOf(
    const std::string& node, const std::string& own_namespace);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_SERVICE_BGP_STATUS_H_
