// ReadJson: JSON text as the tree that lb/config reads objects from.
//
// A YamlNode of JSON has line 0 everywhere. A number, true and false are plain
// scalars, a text is not; null is kNull. A key that stands twice stays twice,
// as in YAML. `metadata.managedFields` is dropped while reading: it is half of
// an object's bytes, and only the server needs it.
//
// The whole text is checked (RFC 8259, UTF-8) before any of it counts. The
// bounds are those of a YAML document, 64 levels and 2,000,000 values. A text
// beyond them is refused; in a list or an event only the object beyond them is,
// and its name is still told, so one bad object does not hide the others.
//
// Pure functions, any thread. json_tree.cc alone knows simdjson.
//
//   absl::StatusOr<config::YamlNode> object = ReadJson(R"({"kind": "Lease"})");
//   if (object.ok()) Use(object->Find("kind"));
#ifndef LB_KUBERNETES_JSON_TREE_H_
#define LB_KUBERNETES_JSON_TREE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lb/config/yaml_tree.h"

namespace lb::kubernetes {

struct JsonBounds {
  size_t depth_max = config::kYamlDepthMax;
  size_t nodes_max = config::kYamlNodesPerDocumentMax;
};

// One object of a list, or of a watch event.
struct JsonObject {
  // If `status` is not OK, only these texts of `metadata`: name, namespace,
  // uid, resourceVersion.
  config::YamlNode tree;
  // ResourceExhausted: the object is beyond the bounds.
  absl::Status status;
};

// InvalidArgument: no valid JSON. ResourceExhausted: beyond the bounds.
absl::StatusOr<config::YamlNode> ReadJson(std::string_view text,
                                          const JsonBounds& bounds = {});

// A list of objects: calls `on_item` with each item in turn, and returns the
// rest of the list (its metadata, above all). The bounds hold for each item. An
// item that is no map comes as a tree without metadata. InvalidArgument: no
// valid JSON, or no map, or no list of items; then no item came.
// ResourceExhausted: the rest is beyond the bounds.
absl::StatusOr<config::YamlNode> ReadJsonList(
    std::string_view text, absl::FunctionRef<void(JsonObject)> on_item,
    const JsonBounds& bounds = {});

// A line of a watch.
struct JsonEvent {
  std::string type;
  JsonObject object;
};

// InvalidArgument: no valid JSON, or no map with a text `type` and a map
// `object`.
absl::StatusOr<JsonEvent> ReadJsonEvent(std::string_view text,
                                        const JsonBounds& bounds = {});

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_JSON_TREE_H_
