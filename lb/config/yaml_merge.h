// YAML merge keys: "<<" of YAML 1.1, as kubectl and kustomize read it.
//
// The value of "<<" is a map, an alias of one, or a list of these; its fields
// count as fields of the map that has the "<<". Fields of that map itself win,
// then those of the earlier map of a list. A quoted "<<" is an ordinary key.
// Pure; the result has no more values than the input.
#ifndef LB_CONFIG_YAML_MERGE_H_
#define LB_CONFIG_YAML_MERGE_H_

#include "lb/config/yaml_tree.h"

namespace lb::config {

// Merges the first merge key of `map` into it. A second one, and one whose
// value cannot be merged, stay as children with is_merge, which Fields refuses.
void MergeKeys(YamlNode* map);

// May the value stand behind "<<"?
bool IsMergeable(const YamlNode& value);

}  // namespace lb::config

#endif  // LB_CONFIG_YAML_MERGE_H_
