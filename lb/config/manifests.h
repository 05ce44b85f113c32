// Manifests: the objects of a set of YAML files, each read on its own.
//
// Reads the files of MetalLB's users: the objects of metallb.io but statuses;
// v1 Service (of type LoadBalancer), Node, Namespace and Secret (of type
// kubernetes.io/basic-auth); discovery.k8s.io/v1 EndpointSlice; lists of these.
// The ConfigMap and the AddressPool of MetalLB before 0.13 are converted.
// Several documents per file. An object with a fault is refused alone, each
// fault a Problem with file and line. In metallb.io objects an unknown field is
// a fault, as a typo there must not be silent; in Kubernetes' own objects it is
// not.
//
// ParseManifests is a pure function of its text; LoadManifests reads files. No
// state, any thread. BuildDesired (desired.h) checks objects against each
// other.
//
//   const Manifests manifests = LoadManifests({"/etc/lbd/manifests"}, {});
//   for (const Problem& problem : manifests.problems) {
//     Print(problem.ToString());
//   }
#ifndef LB_CONFIG_MANIFESTS_H_
#define LB_CONFIG_MANIFESTS_H_

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/label_selector.h"
#include "lb/config/bgp_objects.h"
#include "lb/config/origin.h"
#include "lb/config/problem.h"
#include "lb/election/cluster.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"

namespace lb::config {

// More than this of a file, or of all files, is refused with a Problem.
inline constexpr size_t kFileBytesMax = 16 << 20;
inline constexpr size_t kFilesMax = 10'000;
inline constexpr size_t kDocumentsPerFileMax = 100'000;

struct PoolObject {
  ipam::Pool pool;
  Labels labels;  // The object's own, for ipAddressPoolSelectors.

  friend bool operator==(const PoolObject&, const PoolObject&) = default;
};

struct ServiceObject {
  // Without namespace_labels: those are the Namespace object's.
  ipam::ServiceRequest request;
  election::ServiceTraffic traffic;  // Without endpoints.
  std::string asking_field;          // Which asks for an address or a pool.

  friend bool operator==(const ServiceObject&, const ServiceObject&) = default;
};

struct EndpointSliceObject {
  std::string service;  // "namespace/name"
  std::vector<election::ServiceEndpoint> endpoints;

  friend bool operator==(const EndpointSliceObject&,
                         const EndpointSliceObject&) = default;
};

struct NamespaceObject {
  std::string name;
  Labels labels;

  friend bool operator==(const NamespaceObject&,
                         const NamespaceObject&) = default;
};

// A Secret of type kubernetes.io/basic-auth.
struct SecretObject {
  std::string name;      // "namespace/name"
  std::string password;  // Never to be shown.

  friend bool operator==(const SecretObject&, const SecretObject&) = default;
};

using ObjectValue =
    std::variant<PoolObject, election::L2Advertisement, ServiceObject,
                 EndpointSliceObject, election::NodeAttributes, NamespaceObject,
                 BgpPeer, BgpAdvertisement, CommunityAliases, BfdProfile,
                 SecretObject>;

struct Object {
  std::string name;  // "Kind/name" or "Kind/namespace/name".
  Origin origin;
  ObjectValue value;
  // Lines of fields that can clash with other objects' fields; of a file.
  std::map<std::string, int, std::less<>> field_lines;
  // All of the object as YAML in one line, to be read again (last_good.h).
  std::string text;

  // The place of a field: the object's, if the field has no line.
  Origin OriginOf(std::string_view field) const;

  friend bool operator==(const Object&, const Object&) = default;
};

using Objects = std::map<std::string, Object, std::less<>>;  // By name.

// A later definition of an object, refused with the problem of this index.
struct Repeated {
  Object object;
  size_t problem = 0;
};

// How far the files and folders were understood.
struct Understanding {
  std::set<std::string> read_paths;  // To their end.
  // Not to their end: what they held before may still be meant.
  std::vector<std::string> broken_paths;
  // Those of these paths that were never read: they may define anything.
  std::vector<std::string> unread_paths;
  // Files with documents of which it is not known which object they are, and
  // how many those are.
  std::map<std::string, size_t, std::less<>> unclear_files;
  // Without a byte: probably being written. Their earlier objects stay, unless
  // EmptyFiles (empty_files.h) says that the files stay empty.
  std::vector<std::string> empty_files;
  // "Kind/name" of objects that broken files and nameless objects may define.
  std::set<std::string> mentioned;
};

struct Manifests {
  std::vector<Object> objects;  // As read; names are unique.
  std::vector<Repeated> repeated;
  // "file:line" of every object by name, of refused ones too.
  std::map<std::string, std::string, std::less<>> defined_at;
  // Names of those that are guessed, as the kind was not understood. A document
  // that says such a name takes its place.
  std::set<std::string> guessed;
  // Names of objects without a fault that are none of `objects`: services that
  // ask for no address here, and what was converted.
  std::set<std::string> passed_over;
  std::vector<Problem> problems;  // One line each, in order of reading.
  // Not wrong, but worth a line: skipped kinds, deprecated annotations.
  std::vector<Problem> notices;

  size_t read_count = 0;     // Documents of kinds that are read.
  size_t skipped_count = 0;  // Documents of other kinds, by kind below.
  std::map<std::string, size_t> skipped;  // "Deployment (apps/v1)"
  // In folders: manifests by a name that is not read, or in a subfolder.
  size_t unread_files = 0;
  // The loadBalancerClass of services that it keeps from us, by name.
  std::map<std::string, std::string, std::less<>> other_class;

  // Services that may be defined besides `objects`, by texts with faults:
  Understanding understanding;
};

struct ManifestOptions {
  // Services whose spec.loadBalancerClass is exactly this are read; empty:
  // those without a class.
  std::string load_balancer_class;
};

// Reads one file's text into `manifests`; `file` is its name in problems.
void ParseManifests(std::string_view file, std::string_view text,
                    const ManifestOptions& options, Manifests* manifests);

// Reads files, and of folders the files named *.yaml, *.yml and *.json (sorted,
// not hidden, no subfolders), in the order given; files of a folder that seem
// to be manifests all the same get a notice. No document at all is a problem.
Manifests LoadManifests(absl::Span<const std::string> paths,
                        const ManifestOptions& options);

}  // namespace lb::config

#endif  // LB_CONFIG_MANIFESTS_H_
