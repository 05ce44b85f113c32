// ChangeOf: an ObjectChange from the text of one object, for tests.
#ifndef LB_CONFIG_TESTING_CHANGE_OF_H_
#define LB_CONFIG_TESTING_CHANGE_OF_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"

namespace lb::config {

// Reads the one document of `text` as an object of the Kubernetes API. Errors
// as of ReadObject(). InvalidArgument: no YAML.
absl::StatusOr<ObjectChange> TryChangeOf(std::string_view text,
                                         const std::string& resource_version,
                                         const ManifestOptions& options = {});

// The same, of a text that can be read.
ObjectChange ChangeOf(std::string_view text,
                      const std::string& resource_version = "1");

}  // namespace lb::config

#endif  // LB_CONFIG_TESTING_CHANGE_OF_H_
