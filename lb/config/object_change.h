// ObjectChange: one object as its source has it now, read on its own.
//
// A source that yields single objects, as the Kubernetes API does, makes a
// change of each; DesiredKeeper (desired_keeper.h) takes them. The readers are
// those of files, so one object has the same faults and notices from either.
// Pure; any thread.
//
//   LB_ASSIGN_OR_RETURN(
//       const ObjectChange change,
//       ReadObject(tree, Origin::OfKubernetes("71523"), options));
//   keeper.Apply({change});
//   keeper.Apply({GoneObject("Service/default/web")});
#ifndef LB_CONFIG_OBJECT_CHANGE_H_
#define LB_CONFIG_OBJECT_CHANGE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lb/config/manifests.h"
#include "lb/config/origin.h"
#include "lb/config/problem.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {

// More problems or notices of one object are counted by the last one.
inline constexpr size_t kProblemsPerObjectMax = 100;

struct ObjectChange {
  std::string name;  // As Object::name.
  // The object, if it is ours and has no fault.
  std::optional<Object> object;
  // Its faults: it is refused, and its last good value stays in force.
  std::vector<Problem> problems;
  std::vector<Problem> notices;
  bool is_gone = false;
  // See Manifests::other_class; empty: none.
  std::string other_class;

  // It is there, has no fault and is not ours: a Service of another type or
  // loadBalancerClass, an EndpointSlice of no service.
  bool is_passed_over() const {
    return !is_gone && !object && problems.empty();
  }

  friend bool operator==(const ObjectChange&, const ObjectChange&) = default;
};

// Reads one object of a kind that ReadKinds() has; the tree says which. An
// object of the Kubernetes API has its apiVersion and kind in it also if it
// stood in a list. Converts nothing.
// InvalidArgument: it is not known which object it is, as the tree is no map,
// is of another kind, or has no name.
absl::StatusOr<ObjectChange> ReadObject(const YamlNode& root,
                                        const Origin& origin,
                                        const ManifestOptions& options);

ObjectChange GoneObject(std::string name);

// "Service" of "Service/default/web".
std::string_view KindOf(std::string_view object_name);
// "default/web" of "Service/default/web".
std::string_view NameWithoutKind(std::string_view object_name);

}  // namespace lb::config

#endif  // LB_CONFIG_OBJECT_CHANGE_H_
