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
//   // A file changed:
//   desired = BuildDesired(LoadManifests(paths, {}), desired);
//   for (const Problem& problem : desired.problems) Print(problem.ToString());
#ifndef LB_CONFIG_DESIRED_H_
#define LB_CONFIG_DESIRED_H_

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lb/base/label_selector.h"
#include "lb/config/bgp_objects.h"
#include "lb/config/manifests.h"
#include "lb/config/problem.h"
#include "lb/election/cluster.h"
#include "lb/ipam/may_define.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"

namespace lb::config {

struct Service {
  ipam::ServiceRequest request;  // request.service is "namespace/name".
  election::ServiceTraffic traffic;

  friend bool operator==(const Service&, const Service&) = default;
};

// Everything is sorted by name.
struct Desired {
  std::vector<ipam::Pool> pools;  // No two of them share an address.
  std::map<std::string, Labels, std::less<>> pool_labels;  // By pool name.
  std::vector<election::L2Advertisement> advertisements;
  std::map<std::string, Service, std::less<>> services;  // By request.service.
  std::map<std::string, election::NodeAttributes, std::less<>> nodes;
  BgpObjects bgp;

  // Services that are not above, but may be in what was not understood.
  ipam::MayDefine may_define;
  // Services of type LoadBalancer that another loadBalancerClass takes (or that
  // have one while ours is empty, or none): the class by "namespace/name".
  std::map<std::string, std::string, std::less<>> other_class;

  std::set<std::string> passed_over;  // See Manifests.

  std::vector<Problem> problems;  // Refused objects; `lbd --check` fails.
  std::vector<Problem> notices;   // To be logged; nothing is refused.
  size_t read_count = 0;          // Documents of kinds that are read.
  size_t skipped_count = 0;       // Documents of other kinds, by kind below.
  std::map<std::string, size_t> skipped;  // "Deployment (apps/v1)"
  size_t unread_files = 0;                // Left out because of their names.

  // For the next BuildDesired: paths that were read to their end once, and the
  // services in `may_define` with the files that define them.
  std::set<std::string> read_paths;
  std::map<std::string, std::string> faulty_services;
  // Unclear documents by file that stand for no object from before, as none was
  // missing when they came.
  std::map<std::string, size_t, std::less<>> strangers;
  // The objects of the values above, by Object::name: the last good values for
  // the next BuildDesired.
  Objects objects;
  // Services among `services` that pools refuse, and of which no value is in
  // force (DesiredKeeperOptions::follows_statuses).
  Objects counted;

  friend bool operator==(const Desired&, const Desired&) = default;
};

// The first kNoticesMax notices, and one that counts the others.
inline constexpr size_t kNoticesMax = 1000;
std::vector<Problem> ShownNotices(const std::vector<Problem>& notices);

Desired BuildDesired(const Manifests& manifests, const Desired& previous);

// What the Node object says; without one what is known by the name alone.
election::NodeAttributes AttributesOf(const Desired& desired,
                                      const std::string& node);

// The counts in one line: "12 documents read, 3 skipped: 2 Deployment
// (apps/v1), 1 Secret (v1); 1 service of another class".
std::string CountsText(const Desired& desired);

}  // namespace lb::config

#endif  // LB_CONFIG_DESIRED_H_
