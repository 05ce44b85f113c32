// Old objects: the configuration of MetalLB before 0.13 as today's objects.
//
// A ConfigMap with the pools as a text, and the kind AddressPool that followed
// it, become an IPAddressPool each and, for the protocol layer2, an
// L2Advertisement of the same name. BGP settings are not converted; a notice
// says so. The new objects have the lines of the old text. Pure; faults go to
// the Report.
#ifndef LB_CONFIG_OLD_OBJECTS_H_
#define LB_CONFIG_OLD_OBJECTS_H_

#include <string>
#include <vector>

#include "lb/config/fields.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {

// True if it is MetalLB's: metallb-system/config, or another with pools in its
// data under the key "config".
bool IsOldConfiguration(const YamlNode& config_map);
// Names the keys of another one under which MetalLB's configuration seems to
// stand.
void NoticeLikeOldConfiguration(const YamlNode& config_map, Report* report);

std::vector<YamlNode> ConvertConfigMap(const YamlNode& config_map,
                                       Report* report);
std::vector<YamlNode> ConvertAddressPool(const Fields& root);

}  // namespace lb::config

#endif  // LB_CONFIG_OLD_OBJECTS_H_
