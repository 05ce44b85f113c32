// DefineStatusObjects: the kinds of a simulated API server by which lbd tells
// what it does.
//
// The status of a service's object is part of it, as lbd defines it, or a
// subresource, as MetalLB does. Definitions may be exchanged; objects stay.
//
//   DefineStatusObjects(StatusDefinitions::kMetallb, &server);
//
// Any thread; header only.
#ifndef LB_DAEMON_KUBERNETES_TESTING_STATUS_DEFINITIONS_H_
#define LB_DAEMON_KUBERNETES_TESTING_STATUS_DEFINITIONS_H_

#include <utility>

#include "lb/kubernetes/testing/sim_api_server.h"

namespace lb {

enum class StatusDefinitions { kOwn, kMetallb };

inline void DefineStatusObjects(StatusDefinitions definitions,
                                kubernetes::SimApiServer* server) {
  for (const auto& [plural, kind] :
       {std::pair("servicel2statuses", "ServiceL2Status"),
        std::pair("servicebgpstatuses", "ServiceBGPStatus")}) {
    server->AddKind({.resource = {"metallb.io", "v1beta1", plural},
                     .kind = kind,
                     .has_status = definitions == StatusDefinitions::kMetallb,
                     .is_custom = true});
  }
  server->AddKind({.resource = {"metallb.io", "v1beta1", "configurationstates"},
                   .kind = "ConfigurationState",
                   .has_status = true,
                   .is_custom = true});
}

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_TESTING_STATUS_DEFINITIONS_H_
