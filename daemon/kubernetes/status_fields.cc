#include "daemon/kubernetes/status_fields.h"

#include <algorithm>

#include "lb/kubernetes/tree_path.h"

namespace lb {

using config::YamlNode;

namespace {

std::string TextIn(const YamlNode& object, std::string_view map,
                   std::string_view key) {
  const YamlNode* const texts = kubernetes::NodeAt(object, map);
  const YamlNode* const value = texts == nullptr ? nullptr : texts->Find(key);
  return value == nullptr ? "" : value->text;
}

}  // namespace

std::string LabelOf(const YamlNode& object, std::string_view label) {
  return TextIn(object, "metadata.labels", label);
}

std::string AnnotationOf(const YamlNode& object, std::string_view annotation) {
  return TextIn(object, "metadata.annotations", annotation);
}

std::string OwnerUidOf(const YamlNode& object) {
  const YamlNode* const owners =
      kubernetes::NodeAt(object, "metadata.ownerReferences");
  if (owners == nullptr || owners->children.empty()) return "";
  return std::string(kubernetes::TextAt(owners->children.front(), "uid"));
}

bool IsReady(const YamlNode& object) {
  const YamlNode* const conditions =
      kubernetes::NodeAt(object, "status.conditions");
  return conditions != nullptr &&
         std::any_of(conditions->children.begin(), conditions->children.end(),
                     [](const YamlNode& condition) {
                       return kubernetes::TextAt(condition, "type") ==
                                  "Ready" &&
                              kubernetes::TextAt(condition, "status") == "True";
                     });
}

}  // namespace lb
