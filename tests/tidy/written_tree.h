// For tests: a few sources in a folder of their own, and what ctags says of
// them.
#ifndef TESTS_TIDY_WRITTEN_TREE_H_
#define TESTS_TIDY_WRITTEN_TREE_H_

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tidy/tags.h"

namespace lb::tidy {

using TextByPath = std::map<std::string, std::string>;

// Empty, and a failure, without ctags.
inline std::vector<Tag> TagsOf(const TextByPath& tree) {
  const auto root = std::filesystem::path(testing::TempDir()) / "written_tree";
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root);
  for (const auto& [path, text] : tree) std::ofstream(root / path) << text;
  std::optional<std::vector<Tag>> tags = ReadTags(root, ".");
  EXPECT_TRUE(tags) << "no ctags-universal: install universal-ctags";
  return tags ? *tags : std::vector<Tag>();
}

}  // namespace lb::tidy

#endif  // TESTS_TIDY_WRITTEN_TREE_H_
