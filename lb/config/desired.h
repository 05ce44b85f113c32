// Desired: all that the manifests ask for, checked and joined; a snapshot.
//
// BuildDesired is pure: what was read, and the Desired before, give the next
// one. The last good value of an object stays when its new one is refused or
// its file can no longer be read; its problem is listed. An object that is gone
// from a readable file is gone.
//
// A change that would make two objects clash is refused, not the one that stood
// there: of overlapping pools the unchanged one stays, else the one read first.
//
// Values: any thread, each copy its own.
//
//   Desired desired = BuildDesired(LoadManifests(paths, {}), {});
//   ...  // A file changed:
//   desired = BuildDesired(LoadManifests(paths, {}), desired);
//   for (const Problem& problem : desired.problems) Print(problem.ToString());
#ifndef LB_CONFIG_DESIRED_H_
#define LB_CONFIG_DESIRED_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lb/base/label_selector.h"
#include "lb/config/manifests.h"
#include "lb/config/problem.h"
#include "lb/election/candidates.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"

namespace lb::config {

struct Service {
  ipam::ServiceRequest request;  // request.service is "namespace/name".
  election::ServiceTraffic traffic;
  std::string object;  // "Service/namespace/name"
  std::string file;
  int line = 0;

  friend bool operator==(const Service&, const Service&) = default;
};

// Everything is sorted by name.
struct Desired {
  std::vector<ipam::Pool> pools;  // No two of them share an address.
  std::map<std::string, Labels, std::less<>> pool_labels;  // By pool name.
  std::vector<election::L2Advertisement> advertisements;
  std::vector<Service> services;
  std::map<std::string, election::NodeAttributes, std::less<>> nodes;

  std::vector<Problem> problems;  // Refused objects; `lbd --check` fails.
  std::vector<Problem> notices;   // To be logged; nothing is refused.
  size_t skipped_count = 0;       // Documents of kinds that are not read.

  // What the values above were made of, by Object::name: the last good values
  // for the next BuildDesired.
  std::map<std::string, Object, std::less<>> objects;
};

Desired BuildDesired(const Manifests& manifests, const Desired& previous);

}  // namespace lb::config

#endif  // LB_CONFIG_DESIRED_H_
