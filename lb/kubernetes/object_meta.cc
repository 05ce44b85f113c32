#include "lb/kubernetes/object_meta.h"

#include <cstdint>
#include <string_view>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {

using config::YamlNode;

absl::StatusOr<ObjectMeta> ReadObjectMeta(const YamlNode& object) {
  ObjectMeta meta;
  meta.key.name_space = TextAt(object, "metadata.namespace");
  meta.key.name = TextAt(object, "metadata.name");
  meta.uid = TextAt(object, "metadata.uid");
  meta.resource_version = TextAt(object, "metadata.resourceVersion");
  if (meta.key.name.empty()) {
    return absl::InvalidArgumentError(
        "metadata.name: nothing, want the name of the object");
  }
  if (meta.resource_version.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: metadata.resourceVersion: nothing, want the version "
                    "of the object",
                    meta.key.ToString()));
  }
  return meta;
}

bool IsOlderVersion(std::string_view now, std::string_view before) {
  uint64_t now_number = 0;
  uint64_t before_number = 0;
  return absl::SimpleAtoi(absl::string_view(now.data(), now.size()),
                          &now_number) &&
         absl::SimpleAtoi(absl::string_view(before.data(), before.size()),
                          &before_number) &&
         now_number < before_number;
}

}  // namespace lb::kubernetes
