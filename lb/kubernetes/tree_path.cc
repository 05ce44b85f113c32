#include "lb/kubernetes/tree_path.h"

#include <algorithm>
#include <cstddef>

namespace lb::kubernetes {

using config::YamlNode;

const YamlNode* NodeAt(const YamlNode& tree, std::string_view path) {
  const YamlNode* node = &tree;
  while (node != nullptr && !path.empty()) {
    const size_t end = std::min(path.find('.'), path.size());
    node = node->Find(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return node;
}

std::string_view TextAt(const YamlNode& tree, std::string_view path) {
  const YamlNode* node = NodeAt(tree, path);
  if (node == nullptr || node->kind != YamlNode::Kind::kScalar) return {};
  return node->text;
}

}  // namespace lb::kubernetes
