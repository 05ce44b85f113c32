#include "daemon/kubernetes/status_fields.h"

#include "lb/kubernetes/tree_path.h"

namespace lb {

using config::YamlNode;

std::string LabelOf(const YamlNode& object, std::string_view label) {
  const YamlNode* const labels = kubernetes::NodeAt(object, "metadata.labels");
  const YamlNode* const value =
      labels == nullptr ? nullptr : labels->Find(label);
  return value == nullptr ? "" : value->text;
}

std::string OwnerUidOf(const YamlNode& object) {
  const YamlNode* const owners =
      kubernetes::NodeAt(object, "metadata.ownerReferences");
  if (owners == nullptr || owners->children.empty()) return "";
  return std::string(kubernetes::TextAt(owners->children.front(), "uid"));
}

}  // namespace lb
