// Values of a tree by a path of keys, and a selector by such a path.
//
// Pure, any thread.
//
//   TextAt(object, "metadata.resourceVersion")  "1042"
#ifndef LB_KUBERNETES_TREE_PATH_H_
#define LB_KUBERNETES_TREE_PATH_H_

#include <string>
#include <string_view>

#include "lb/config/yaml_tree.h"

namespace lb::kubernetes {

// The value at the path; null if there is none. Keys with dots of their own,
// such as those of annotations, cannot be named.
const config::YamlNode* NodeAt(const config::YamlNode& tree,
                               std::string_view path);

// The text of the scalar at the path; empty if there is none.
std::string_view TextAt(const config::YamlNode& tree, std::string_view path);

// A selector by one field, `spec.type=LoadBalancer`. The server applies it, or
// Matches() does if the server does not know the field.
struct FieldSelector {
  std::string path;  // Empty: all objects.
  std::string value;

  bool empty() const { return path.empty(); }
  std::string ToString() const { return path + "=" + value; }
  // True if the field's text is the value. An absent field is an empty text.
  bool Matches(const config::YamlNode& object) const {
    return empty() || TextAt(object, path) == value;
  }
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TREE_PATH_H_
