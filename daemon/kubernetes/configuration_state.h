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
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kubernetes/status_objects.h"
#include "lb/base/label_selector.h"
#include "lb/config/problem.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/reflector_options.h"
#include "lb/kubernetes/resource.h"

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

// A speaker's own loss of other members, in an annotation of its object, with
// the option fast-node-failure: their names, with a space between them.
inline constexpr std::string_view kLostMembers = "lb.io/lost-members";
inline constexpr size_t kLostMembersMax = 256;

std::string LostMembersText(const std::set<std::string, std::less<>>& lost);

// Which members the speaker of a node has lost, as an object says.
struct SpeakerReport {
  std::string node;
  std::set<std::string> lost;  // At most kLostMembersMax.
};
// Nullopt: the object is not that of a speaker. MetalLB's speakers have one,
// too, and never say that they lost a member.
std::optional<SpeakerReport> ReadSpeakerReport(const config::YamlNode& object);

// `lost`: LostMembersText().
StatusObjects::Wish WishOf(const ConfigurationReader& reader,
                           const ConfigurationState& state,
                           const std::string& since,
                           const std::string& lost = "");
// The key is the name of the object.
StatusObjects::Object ReadConfigurationState(const ConfigurationReader& reader,
                                             const kubernetes::ObjectMeta& meta,
                                             const config::YamlNode& object);
// `status`: that of an object, as ReadConfigurationState() has it.
ConditionTime ReadConditionTime(std::string_view status);

inline const kubernetes::Resource& ConfigurationStates() {
  static const auto& resource =
      *new kubernetes::Resource{"metallb.io", "v1beta1", "configurationstates"};
  return resource;
}

// Lists the object of this reader.
kubernetes::ReflectorOptions ConfigurationStateOf(
    const ConfigurationReader& reader, const std::string& own_namespace);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_CONFIGURATION_STATE_H_
