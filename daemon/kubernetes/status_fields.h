// Fields of the metadata and the status of an object, as another client may
// have left them. Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_STATUS_FIELDS_H_
#define LB_DAEMON_KUBERNETES_STATUS_FIELDS_H_

#include <string>
#include <string_view>

#include "lb/config/yaml_tree.h"

namespace lb {

// Empty: the object has no such label.
std::string LabelOf(const config::YamlNode& object, std::string_view label);

// Empty: the object has no such annotation.
std::string AnnotationOf(const config::YamlNode& object,
                         std::string_view annotation);

// The uid of the first owner, as this process writes one. Empty: none.
std::string OwnerUidOf(const config::YamlNode& object);

// The condition "Ready" of a pod or a Node is there, and "True".
bool IsReady(const config::YamlNode& object);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_STATUS_FIELDS_H_
