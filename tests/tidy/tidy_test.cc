// The house rules, held against the whole tree.
//
// The tree is found through this file: Bazel gives a link to the real one. The
// test is local and never cached, as it reads files it does not name.
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tidy/classes.h"
#include "tests/tidy/exceptions.h"
#include "tests/tidy/phrases.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/source_file.h"
#include "tests/tidy/tags.h"

namespace lb::tidy {
namespace {

namespace fs = std::filesystem;

fs::path Root() {
  return fs::canonical("tests/tidy/tidy_test.cc")
      .parent_path()
      .parent_path()
      .parent_path();
}

std::string ReadText(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::array<std::string, 4> kTops = {"lb", "daemon", "examples", "tests"};

using TextByPath = std::map<std::string, std::string>;

// Reads all sources and BUILD files. The key is the path from the top.
TextByPath ReadTree() {
  const fs::path root = Root();
  TextByPath tree;
  for (const std::string& top : kTops) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension == ".h" || extension == ".cc" || extension == ".proto" ||
          extension == ".bazel") {
        tree.emplace(fs::relative(entry.path(), root), ReadText(entry.path()));
      }
    }
  }
  return tree;
}

// Reads all files with comments or pages, also those outside of kTops.
TextByPath ReadProse() {
  const fs::path root = Root();
  TextByPath prose;
  const auto add = [&](const fs::path& path) {
    if (HasProse(path.string()) && fs::is_regular_file(path)) {
      prose.emplace(fs::relative(path, root), ReadText(path));
    }
  };
  for (const auto& entry : fs::directory_iterator(root)) add(entry.path());
  std::vector<std::string> tops(kTops.begin(), kTops.end());
  tops.insert(tops.end(), {"bazel", "docs", "packaging"});
  for (const std::string& top : tops) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      add(entry.path());
    }
  }
  return prose;
}

// Empty, and a failure, without ctags.
std::vector<Tag> TagsOfTree() {
  std::optional<std::vector<Tag>> tags =
      ReadTags(Root(), fmt::format("{}", fmt::join(kTops, " ")));
  EXPECT_TRUE(tags) << "no ctags-universal: install universal-ctags";
  return tags ? *tags : std::vector<Tag>();
}

bool IsBuildFile(const std::string& path) {
  return path.ends_with("/BUILD.bazel");
}

// The BUILD file of the package that `path` lies in; end() if there is none.
auto PackageOf(const TextByPath& tree, const std::string& path) {
  for (fs::path folder = fs::path(path).parent_path(); !folder.empty();
       folder = folder.parent_path()) {
    const auto found = tree.find(folder / "BUILD.bazel");
    if (found != tree.end()) return found;
  }
  return tree.end();
}

std::vector<Finding> CheckPackage(const TextByPath& tree,
                                  const std::string& path) {
  const auto package = PackageOf(tree, path);
  if (package == tree.end()) {
    return {{"dead-file", path, 0, "in no package: give it a BUILD.bazel"}};
  }
  return CheckNamedInBuild(path, package->first, package->second);
}

std::vector<Finding> CheckFile(const TextByPath& tree, const std::string& path,
                               const std::string& text) {
  if (IsBuildFile(path)) return CheckBuildFile(path, text);
  std::vector<Finding> findings = CheckPackage(tree, path);
  if (path.ends_with(".proto")) return findings;
  for (Finding& finding : CheckSource(ParseSource(path, text))) {
    findings.push_back(std::move(finding));
  }
  return findings;
}

using FileAndRule = std::pair<std::string, std::string>;

TEST(TidyTest, TreeKeepsTheHouseRules) {
  const auto tree = ReadTree();
  ASSERT_GT(tree.size(), 400u) << "the tree was not found at " << Root();

  std::set<FileAndRule> excepted;
  for (const Exception& exception : kExceptions) {
    excepted.emplace(exception.path, exception.rule);
  }
  std::set<FileAndRule> needed;
  const auto judge = [&](const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
      const FileAndRule key(finding.path, finding.rule);
      if (excepted.contains(key)) {
        needed.insert(key);
      } else {
        ADD_FAILURE() << finding.ToString();
      }
    }
  };
  for (const auto& [path, text] : tree) judge(CheckFile(tree, path, text));
  judge(CheckFunctions(TagsOfTree()));
  const TextByPath prose = ReadProse();
  EXPECT_GT(prose.size(), tree.size());
  for (const auto& [path, text] : prose) judge(CheckPhrases(path, text));
  EXPECT_THAT(excepted, testing::ContainerEq(needed))
      << "tests/tidy/exceptions.h names what is not needed any more";
}

TEST(TidyTest, ClassesHaveLimits) {
  const std::vector<ClassSize> classes = MeasureClasses(TagsOfTree());
  EXPECT_GT(classes.size(), 500u);
  const std::vector<LargeClass> large(kLargeClasses.begin(),
                                      kLargeClasses.end());
  for (const Finding& finding : CheckClasses(classes, large)) {
    ADD_FAILURE() << finding.ToString();
  }
}

}  // namespace
}  // namespace lb::tidy
