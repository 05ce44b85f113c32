// EligibleNodes(): by the objects of the server, not by the product, which
// nodes may announce a Service; WishOf(): what it asks for.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_ELIGIBLE_NODES_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_ELIGIBLE_NODES_H_

#include <set>
#include <string>

#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/resource.h"
#include "lb/kubernetes/testing/sim_api_server.h"

namespace lb::chaos {

// Those without the label that excludes them: with policy Local those with a
// ready endpoint, else all if there is any ready endpoint.
std::set<std::string> EligibleNodes(const kubernetes::SimApiServer& server,
                                    const kubernetes::ObjectKey& service);

struct Wish {
  std::string address;  // spec.loadBalancerIP
  std::string pool;     // metallb.io/address-pool
};
Wish WishOf(const config::YamlNode& service);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_ELIGIBLE_NODES_H_
