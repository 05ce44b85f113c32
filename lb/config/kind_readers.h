// KindReader: how one kind of object is read, from a file or from the API.
//
// Pure functions over a tree whose kind is known; faults go to the Report.
#ifndef LB_CONFIG_KIND_READERS_H_
#define LB_CONFIG_KIND_READERS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "lb/config/fields.h"
#include "lb/config/kinds.h"
#include "lb/config/manifests.h"
#include "lb/config/object_readers.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {

struct KindReader {
  struct Input {
    const Fields& root;
    const Metadata& metadata;
    const ManifestOptions& options;
    std::string* other_class;
  };

  std::string_view kind;
  bool named_by_namespace;  // In problems: "Kind/namespace/name".
  // Nullopt: nothing for us in it, or faults.
  std::optional<ObjectValue> (*read)(const Input& input);
};

// One for each of ReadKinds().
absl::Span<const KindReader> KindReaders();
const KindReader* FindKindReader(std::string_view kind);  // Nullptr: none.

// What one object says.
struct ObjectReading {
  // Nullopt: nothing for us in it, or faults. With faults it is not to be used.
  std::optional<ObjectValue> value;
  // Its metadata has no fault, so it is the object that its name says.
  bool is_named = false;
  // The loadBalancerClass of a Service that it keeps from us; empty: it is
  // ours, or it has a fault in its metadata.
  std::string other_class;
};

// `verdict` is JudgeKind()'s, to be read; its fault is reported, too.
ObjectReading ReadObjectOf(const KindReader& reader, const YamlNode& root,
                           const KindVerdict& verdict,
                           const ManifestOptions& options, Report* report);

// The text of a field that may be of any type; "" unless it is a text.
std::string PeekText(const YamlNode* map, std::string_view key);

// How problems call the object, whose fields may be wrong themselves:
// "Kind/name" or "Kind/namespace/name", with "?" for a missing name.
std::string ObjectName(std::string_view kind, const YamlNode& root);
bool HasName(const YamlNode& root);

// The object as YAML in one line. Items of a typed list leave out what the
// list says.
std::string ObjectText(const YamlNode& root, std::string_view api_version,
                       std::string_view kind);

}  // namespace lb::config

#endif  // LB_CONFIG_KIND_READERS_H_
