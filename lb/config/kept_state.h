// KeptState: what DesiredKeeper keeps between two changes.
#ifndef LB_CONFIG_KEPT_STATE_H_
#define LB_CONFIG_KEPT_STATE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lb/config/desired.h"
#include "lb/config/desired_keeper.h"
#include "lb/config/endpoint_index.h"
#include "lb/config/known_objects.h"
#include "lb/config/problem.h"
#include "lb/config/service_admission.h"

namespace lb::config {

struct KeptState {
  explicit KeptState(const DesiredKeeperOptions& options)
      : options(options), known(options.objects_max) {}

  const DesiredKeeperOptions options;
  KnownObjects known;
  ServiceAdmission admission;  // Has the pools in force.
  EndpointIndex endpoints;     // Has the slices in force.
  std::map<std::string, Problem, std::less<>> bgp_problems;  // By object.
  std::vector<Problem> notices;  // All of them, sorted by object.
  // Services in force that an earlier run had, in force or not.
  std::set<std::string, std::less<>> restored;
  // Each kind was listed once: what is not in `known` is not there.
  bool is_complete = false;
};

}  // namespace lb::config

#endif  // LB_CONFIG_KEPT_STATE_H_
