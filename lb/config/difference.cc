#include "lb/config/difference.h"

namespace lb::config {

Difference DifferenceOf(const Desired& before, const Desired& now) {
  Difference difference;
  difference.pools =
      before.pools != now.pools || before.pool_labels != now.pool_labels;
  difference.cluster =
      before.advertisements != now.advertisements || before.nodes != now.nodes;
  difference.bgp = before.bgp != now.bgp;
  difference.may_define = before.may_define != now.may_define;
  difference.new_problems = NewProblems(now.problems, before.problems);
  difference.new_notices = NewProblems(now.notices, before.notices);
  auto old = before.services.begin();
  const auto old_end = before.services.end();
  for (const auto& [name, service] : now.services) {
    for (; old != old_end && old->first < name; ++old) {
      difference.services.push_back(old->first);
    }
    const bool is_known = old != old_end && old->first == name;
    if (!is_known || old->second.request != service.request ||
        old->second.traffic != service.traffic) {
      difference.services.push_back(name);
    }
    if (is_known) ++old;
  }
  for (; old != old_end; ++old) difference.services.push_back(old->first);
  return difference;
}

const Service* FindService(const Desired& desired, std::string_view name) {
  const auto found = desired.services.find(name);
  return found == desired.services.end() ? nullptr : &found->second;
}

}  // namespace lb::config
