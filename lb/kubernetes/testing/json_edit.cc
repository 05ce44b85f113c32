#include "lb/kubernetes/testing/json_edit.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "lb/base/check.h"
#include "lb/kubernetes/json_tree.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

YamlNode* FindIn(std::string_view key, YamlNode* map) {
  for (YamlNode& child : map->children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

// The value under `key`; an empty map if there was none.
YamlNode* FindOrAdd(std::string_view key, YamlNode* map) {
  if (map->kind != YamlNode::Kind::kMap) {
    map->kind = YamlNode::Kind::kMap;
    map->children.clear();
  }
  YamlNode* found = FindIn(key, map);
  if (found != nullptr) return found;
  YamlNode& added = map->children.emplace_back();
  added.key = key;
  added.kind = YamlNode::Kind::kMap;
  return &added;
}

}  // namespace

YamlNode Json(std::string_view text) {
  absl::StatusOr<YamlNode> tree = ReadJson(text);
  LB_CHECK(tree.ok());
  return *std::move(tree);
}

YamlNode* Place(std::string_view path, YamlNode* tree) {
  while (!path.empty()) {
    const size_t end = std::min(path.find('.'), path.size());
    tree = FindOrAdd(path.substr(0, end), tree);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return tree;
}

void SetText(std::string_view path, std::string_view text, YamlNode* tree) {
  YamlNode* node = Place(path, tree);
  node->kind = YamlNode::Kind::kScalar;
  node->plain = false;
  node->text = text;
  node->children.clear();
}

void Remove(std::string_view key, YamlNode* map) {
  std::erase_if(map->children,
                [&](const YamlNode& child) { return child.key == key; });
}

void Replace(std::string_view key, YamlNode value, YamlNode* map) {
  value.key = key;
  *FindOrAdd(key, map) = std::move(value);
}

void MergePatch(const YamlNode& patch, YamlNode* target) {
  if (patch.kind != YamlNode::Kind::kMap) {
    std::string key = std::move(target->key);
    *target = patch;
    target->key = std::move(key);
    return;
  }
  if (target->kind != YamlNode::Kind::kMap) {
    target->kind = YamlNode::Kind::kMap;
    target->text.clear();
    target->children.clear();
  }
  for (const YamlNode& child : patch.children) {
    if (child.kind == YamlNode::Kind::kNull) {
      Remove(child.key, target);
    } else {
      MergePatch(child, FindOrAdd(child.key, target));
    }
  }
}

}  // namespace lb::kubernetes
