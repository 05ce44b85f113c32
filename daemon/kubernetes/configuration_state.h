// ConfigurationState: the object of MetalLB's API by which a process says
// whether it could read the whole configuration.
//
// The configuration is what administrators write: all kinds but Services and
// their endpoints, whose faults are told by events. The summary names each
// fault as `lbctl problems` does, without the resourceVersion: a status that
// changes would make it another text.
//
// Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_CONFIGURATION_STATE_H_
#define LB_DAEMON_KUBERNETES_CONFIGURATION_STATE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kubernetes/status_objects.h"
#include "lb/base/label_selector.h"
#include "lb/config/problem.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/reflector_options.h"

namespace lb {

inline constexpr std::string_view kConfigurationState = "ConfigurationState";

struct ConfigurationState {
  enum class Result { kValid, kInvalid, kUnknown };
  // Faults beyond are counted.
  static constexpr size_t kSummaryBytesMax = 4096;

  Result result = Result::kUnknown;
  std::string summary;  // A fault a line; empty if it is valid.

  friend bool operator==(const ConfigurationState&,
                         const ConfigurationState&) = default;
};

ConfigurationState StateOf(const std::vector<config::Problem>& problems);

// The process that says it: the object's name and labels, and the type of its
// condition.
struct ConfigurationReader {
  std::string object;
  Labels labels;
  std::string condition;

  static ConfigurationReader Controller();
  static ConfigurationReader Speaker(const std::string& node);
};

// The one condition of such an object, as far as its time goes.
struct ConditionTime {
  std::string status;  // "True", "False", "Unknown"
  std::string since;   // lastTransitionTime; empty: none that is one.
};

std::string_view ConditionStatusOf(ConfigurationState::Result result);

StatusObjects::Wish WishOf(const ConfigurationReader& reader,
                           const ConfigurationState& state,
                           const std::string& since);
// The key is the name of the object.
StatusObjects::Object ReadConfigurationState(const ConfigurationReader& reader,
                                             const kubernetes::ObjectMeta& meta,
                                             const config::YamlNode& object);
// `status`: that of an object, as ReadConfigurationState() has it.
ConditionTime ReadConditionTime(std::string_view status);

// Lists the object of this reader.
kubernetes::ReflectorOptions ConfigurationStateOf(
    const ConfigurationReader& reader, const std::string& own_namespace);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_CONFIGURATION_STATE_H_
