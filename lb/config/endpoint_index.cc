#include "lb/config/endpoint_index.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lb::config {

void EndpointIndex::Add(const std::string& service, const std::string& slice) {
  slices_[service].insert(slice);
}

void EndpointIndex::Remove(const std::string& service,
                           const std::string& slice) {
  const auto found = slices_.find(service);
  if (found == slices_.end()) return;
  found->second.erase(slice);
  if (found->second.empty()) slices_.erase(found);
}

std::optional<std::vector<election::ServiceEndpoint>>
EndpointIndex::EndpointsOf(std::string_view service,
                           const Objects& in_force) const {
  const auto found = slices_.find(service);
  if (found == slices_.end()) return std::nullopt;
  std::vector<election::ServiceEndpoint> all;
  for (const std::string& name : found->second) {
    const auto& slice = std::get<EndpointSliceObject>(in_force.at(name).value);
    all.insert(all.end(), slice.endpoints.begin(), slice.endpoints.end());
  }
  return all;
}

}  // namespace lb::config
