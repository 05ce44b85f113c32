#include "lb/config/testing/change_of.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "lb/base/check.h"
#include "lb/config/origin.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {

absl::StatusOr<ObjectChange> TryChangeOf(std::string_view text,
                                         const std::string& resource_version,
                                         const ManifestOptions& options) {
  absl::StatusOr<ObjectChange> change =
      absl::InvalidArgumentError("no document");
  const auto error = ForEachYamlDocument(text, [&](const YamlNode& root) {
    change = ReadObject(root, Origin::OfKubernetes(resource_version), options);
  });
  if (error) return absl::InvalidArgumentError(error->message);
  return change;
}

ObjectChange ChangeOf(std::string_view text,
                      const std::string& resource_version) {
  const auto change = TryChangeOf(text, resource_version);
  LB_CHECK(change.ok());
  return *change;
}

}  // namespace lb::config
