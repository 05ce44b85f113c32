#include "lb/config/difference.h"

#include <algorithm>

namespace lb::config {

Difference DifferenceOf(const Desired& before, const Desired& now) {
  Difference difference;
  difference.pools =
      before.pools != now.pools || before.pool_labels != now.pool_labels;
  difference.cluster =
      before.advertisements != now.advertisements || before.nodes != now.nodes;
  auto old = before.services.begin();
  const auto old_end = before.services.end();
  for (const Service& service : now.services) {
    const std::string& name = service.request.service;
    for (; old != old_end && old->request.service < name; ++old) {
      difference.services.push_back(old->request.service);
    }
    const bool is_known = old != old_end && old->request.service == name;
    if (!is_known || old->request != service.request ||
        old->traffic != service.traffic) {
      difference.services.push_back(name);
    }
    if (is_known) ++old;
  }
  for (; old != old_end; ++old) {
    difference.services.push_back(old->request.service);
  }
  return difference;
}

const Service* FindService(const Desired& desired, std::string_view name) {
  const auto found = std::partition_point(
      desired.services.begin(), desired.services.end(),
      [&](const Service& service) { return service.request.service < name; });
  if (found == desired.services.end() || found->request.service != name) {
    return nullptr;
  }
  return &*found;
}

}  // namespace lb::config
