// Any bytes as JSON: what is read keeps the bounds, and is written as JSON that
// means the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/json_writer.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

// A value takes two bytes at least, "1,". Its node is some 120 bytes, and a
// list of nodes doubles while it grows.
constexpr int64_t kAllocatedPerByte = 512;
constexpr int64_t kAllocatedMore = 1 << 20;

size_t DepthOf(const YamlNode& node) {
  size_t depth = 0;
  for (const YamlNode& child : node.children) {
    depth = std::max(depth, DepthOf(child));
  }
  return depth + 1;
}

void CheckTree(const YamlNode& tree) {
  LB_CHECK(DepthOf(tree) <= config::kYamlDepthMax);
  const std::string text = JsonText(tree);
  const absl::StatusOr<YamlNode> again = ReadJson(text);
  LB_CHECK(again.ok());
  // "-0.0" is "-0" and then "0".
  const std::string settled = JsonText(*again);
  LB_CHECK(JsonText(*ReadJson(settled)) == settled);
}

void Check(std::string_view text) {
  {
    const fuzz::AllocationBound bound(
        kAllocatedMore + static_cast<int64_t>(text.size()) * kAllocatedPerByte);
    (void)ReadJson(text);
  }
  const absl::StatusOr<YamlNode> tree = ReadJson(text);
  if (tree.ok()) CheckTree(*tree);
  const absl::StatusOr<YamlNode> rest =
      ReadJsonList(text, [](const JsonObject& item) { CheckTree(item.tree); });
  if (rest.ok()) CheckTree(*rest);
  const absl::StatusOr<JsonEvent> event = ReadJsonEvent(text);
  if (event.ok()) CheckTree(event->object.tree);
  // Any text can be written.
  JsonWriter json;
  json.Text(text);
  LB_CHECK(ReadJson(std::move(json).Finish()).ok());
}

}  // namespace
}  // namespace lb::kubernetes

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lb::kubernetes::Check(lb::AsText({data, size}));
  return 0;
}
