// EndpointIndex: the endpoint slices in force of each service.
//
// Pure bookkeeping; one thread.
#ifndef LB_CONFIG_ENDPOINT_INDEX_H_
#define LB_CONFIG_ENDPOINT_INDEX_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/manifests.h"
#include "lb/election/cluster.h"

namespace lb::config {

class EndpointIndex {
 public:
  // `slice` is an object's name, `service` is "namespace/name".
  void Add(const std::string& service, const std::string& slice);
  void Remove(const std::string& service, const std::string& slice);

  // The endpoints of all slices of the service, by the slices' names; nullopt:
  // it has no slice. `in_force` has the slices.
  std::optional<std::vector<election::ServiceEndpoint>> EndpointsOf(
      std::string_view service, const Objects& in_force) const;

 private:
  std::map<std::string, std::set<std::string>, std::less<>> slices_;
};

}  // namespace lb::config

#endif  // LB_CONFIG_ENDPOINT_INDEX_H_
