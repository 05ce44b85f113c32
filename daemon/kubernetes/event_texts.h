// EventOf(): what people read about a Service, or about an object with a fault,
// as an Event of the API.
//
// Reasons are MetalLB's, letter for letter. Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_EVENT_TEXTS_H_
#define LB_DAEMON_KUBERNETES_EVENT_TEXTS_H_

#include <optional>
#include <string>
#include <string_view>

#include "lb/config/problem.h"
#include "lb/ipam/decision.h"
#include "lb/kubernetes/event_series.h"
#include "lb/kubernetes/object_meta.h"

namespace lb {

// MetalLB's word for configuration that is not valid.
inline constexpr std::string_view kConfigurationError = "ConfigurationError";

// An event of the Service of that metadata.
kubernetes::KubernetesEvent EventOf(const kubernetes::ObjectMeta& service,
                                    const ipam::ServiceEvent& event);

// A warning about the object of the problem. Its reason is the problem's, else
// AllocationFailed for a Service, else `default_reason`. `own_namespace` is
// that of metallb.io objects. Nullopt: no object is named.
std::optional<kubernetes::KubernetesEvent> EventOf(
    const config::Problem& problem, std::string_view default_reason,
    const std::string& own_namespace, const std::string& uid);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_EVENT_TEXTS_H_
