// YamlNode: a YAML document as a plain tree with line numbers, bounded.
//
// The only place that knows yaml-cpp. Limits hold for what an alias unfolds to
// as well, so a small text cannot become a large tree. Keys keep their order;
// a key given twice stays twice (Fields reports it). Merge keys ("<<") are
// merged (yaml_merge.h).
//
// Pure functions, any thread.
#ifndef LB_CONFIG_YAML_TREE_H_
#define LB_CONFIG_YAML_TREE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

namespace lb::config {

inline constexpr size_t kYamlDepthMax = 64;
inline constexpr size_t kYamlNodesPerDocumentMax = 2'000'000;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  int line = 0;       // From 1.
  bool plain = true;  // A scalar without quotes: may be a number or a bool.
  std::string text;   // A scalar's.
  // The key of a value in a map; its line is the key's.
  std::string key;
  int key_line = 0;
  bool is_merge = false;  // The key is a "<<" that was not merged: a fault.
  std::vector<YamlNode> children;  // A sequence's or a map's.

  // The first value with this key; null if there is none or this is no map.
  const YamlNode* Find(std::string_view name) const;
};

// Describes a value for people: "a list", "a map", "nothing", `"text"`.
std::string Describe(const YamlNode& node);

struct YamlError {
  int line = 0;
  std::string message;
};

// Calls `on_document` with each document in turn, an empty one as kNull. At the
// first that is broken or too large it stops and says why.
std::optional<YamlError> ForEachYamlDocument(
    std::string_view text,
    absl::FunctionRef<void(const YamlNode&)> on_document);

}  // namespace lb::config

#endif  // LB_CONFIG_YAML_TREE_H_
