// ObjectMeta: the part of `metadata` by which an object is known.
//
// Pure, any thread.
#ifndef LB_KUBERNETES_OBJECT_META_H_
#define LB_KUBERNETES_OBJECT_META_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/resource.h"

namespace lb::kubernetes {

struct ObjectMeta {
  ObjectKey key;
  // Another uid under the same key is another object.
  std::string uid;
  // Changes with each write of the object.
  std::string resource_version;
};

// InvalidArgument: no name, or no resourceVersion.
absl::StatusOr<ObjectMeta> ReadObjectMeta(const config::YamlNode& object);

// True if the server that gave `now` is at an older state than the one that
// gave `before`, as after its store was restored from a backup. Resource
// versions of one resource are comparable as decimal numbers (KEP-5504); false
// if one of them is none.
bool IsOlderVersion(std::string_view now, std::string_view before);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_OBJECT_META_H_
