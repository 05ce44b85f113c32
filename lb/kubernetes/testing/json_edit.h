// Edits JSON trees, as an API server does: fields by path, and merge patches.
//
// Pure, any thread. For tests: a wrong use stops the program.
//
//   config::YamlNode web = Json(R"({"metadata": {"name": "web"}})");
//   SetText("metadata.uid", "1", &web);
//   MergePatch(Json(R"({"spec": null})"), &web);
#ifndef LB_KUBERNETES_TESTING_JSON_EDIT_H_
#define LB_KUBERNETES_TESTING_JSON_EDIT_H_

#include <string>
#include <string_view>

#include "lb/config/yaml_tree.h"

namespace lb::kubernetes {

// The tree of a text. REQUIRES: it is valid JSON.
config::YamlNode Json(std::string_view text);

// The value at the path, made as an empty map if there is none; what is no map
// on the way becomes one.
config::YamlNode* Place(std::string_view path, config::YamlNode* tree);

void SetText(std::string_view path, std::string_view text,
             config::YamlNode* tree);

// Takes the field out; no effect if there is none.
void Remove(std::string_view key, config::YamlNode* map);

// Puts `value` under `key`, in place of what is there.
void Replace(std::string_view key, config::YamlNode value,
             config::YamlNode* map);

// RFC 7386: null deletes, a map is merged, anything else replaces.
void MergePatch(const config::YamlNode& patch, config::YamlNode* target);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_JSON_EDIT_H_
