#include "lb/config/yaml_merge.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lb::config {
namespace {

using Kind = YamlNode::Kind;

// Appends the fields of `source` whose keys are not `taken`, and takes them. A
// key that stands twice in `source` stays twice.
void Append(YamlNode source, std::set<std::string>* taken,
            std::vector<YamlNode>* fields) {
  std::set<std::string> added;
  for (YamlNode& field : source.children) {
    if (taken->contains(field.key)) continue;
    added.insert(field.key);
    fields->push_back(std::move(field));
  }
  taken->merge(added);
}

}  // namespace

bool IsMergeable(const YamlNode& value) {
  if (value.kind != Kind::kSequence) return value.kind == Kind::kMap;
  return std::all_of(
      value.children.begin(), value.children.end(),
      [](const YamlNode& item) { return item.kind == Kind::kMap; });
}

void MergeKeys(YamlNode* map) {
  const auto merge =
      std::find_if(map->children.begin(), map->children.end(),
                   [](const YamlNode& field) { return field.is_merge; });
  if (merge == map->children.end() || !IsMergeable(*merge)) return;
  YamlNode merged = std::move(*merge);
  map->children.erase(merge);
  std::set<std::string> taken;
  for (const YamlNode& field : map->children) {
    if (!field.is_merge) taken.insert(field.key);
  }
  if (merged.kind == Kind::kMap) {
    return Append(std::move(merged), &taken, &map->children);
  }
  for (YamlNode& source : merged.children) {
    Append(std::move(source), &taken, &map->children);
  }
}

}  // namespace lb::config
