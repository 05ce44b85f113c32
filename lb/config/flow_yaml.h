// Flow YAML: a tree as YAML in one line, for people and to be read again.
//
// What is read from it is the tree again, without the lines and the anchors;
// quoted texts stay quoted. Pure.
#ifndef LB_CONFIG_FLOW_YAML_H_
#define LB_CONFIG_FLOW_YAML_H_

#include <string>

#include "lb/config/yaml_tree.h"

namespace lb::config {

// "{name: web, labels: {a: \"b c\"}}"
std::string ToFlowYaml(const YamlNode& node);

}  // namespace lb::config

#endif  // LB_CONFIG_FLOW_YAML_H_
