// PoolManifests: pools, advertisements and objects for BGP of manifest files,
// where all other objects come from the API server.
//
// The files are read as without Kubernetes (lb/config), so that a fault in one
// refuses one object, and its last good value stays. What is in force then
// comes here, and goes to an ObjectSource as changes of single objects, beside
// those of the API server. Pure.
//
//   config::Manifests manifests = config::LoadManifests(paths, options);
//   RefuseOtherKinds(&manifests);
//   const config::Desired read = config::BuildDesired(manifests, before);
//   source.TakeManifests(pools.ChangesTo(read));
#ifndef LB_DAEMON_KUBERNETES_POOL_MANIFESTS_H_
#define LB_DAEMON_KUBERNETES_POOL_MANIFESTS_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"

namespace lb {

// Objects of this kind come from the files.
bool IsPoolManifest(std::string_view kind);

// Leaves only those; each other object is a problem that names it.
void RefuseOtherKinds(config::Manifests* manifests);

class PoolManifests {
 public:
  // What differs from the reading before; all of it, the first time. A fault
  // that belongs to no pool or advertisement is that of an object
  // "Manifest/FILE".
  std::vector<config::ObjectChange> ChangesTo(const config::Desired& read);

 private:
  std::set<std::string> names_;  // As of the reading before.
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_POOL_MANIFESTS_H_
