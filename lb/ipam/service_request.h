// ServiceRequest: what a service asks of address management.
#ifndef LB_IPAM_SERVICE_REQUEST_H_
#define LB_IPAM_SERVICE_REQUEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lb/base/label_selector.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

enum class Protocol : uint8_t { kTcp, kUdp, kSctp };

struct ServicePort {
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;

  friend auto operator<=>(const ServicePort&, const ServicePort&) = default;
};

// Kubernetes' spec.ipFamilyPolicy.
enum class FamilyPolicy { kSingleStack, kPreferDualStack, kRequireDualStack };

struct ServiceRequest {
  std::string service;  // "namespace/name"; one request per service.
  std::string service_namespace;
  Labels labels;
  Labels namespace_labels;

  FamilyPolicy family_policy = FamilyPolicy::kSingleStack;
  // In order of preference (spec.ipFamilies, or those of spec.clusterIPs).
  // Empty: either family will do, IPv4 is tried first.
  std::vector<net::IpFamily> families;

  // Exactly these addresses, at most one of each family; empty: any.
  std::vector<net::IpAddress> requested_addresses;
  std::string requested_pool;  // Empty: any.
  // The addresses reserved under this name, instead of requested ones. Empty:
  // those under the service's own name, if there are any and they are free.
  std::string reservation = {};

  // Services with equal non-empty sharing keys and equal backend keys may hold
  // one address together if no (protocol, port) meets another.
  std::string sharing_key;
  std::string backend_key;
  std::vector<ServicePort> ports;

  friend bool operator==(const ServiceRequest&,
                         const ServiceRequest&) = default;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_SERVICE_REQUEST_H_
