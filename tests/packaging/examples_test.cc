// Tests that every page with C++ examples is among the compiled ones.
//
// Linking this test compiles the examples (BUILD.bazel). The tree is found
// through this file, as in tests/tidy.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace lb {
namespace {

namespace fs = std::filesystem;

bool HasExample(const fs::path& page) {
  std::ifstream in(page);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return text.find("```cpp\n") != std::string::npos;
}

TEST(ExamplesTest, EveryPageWithExamplesIsCompiled) {
  const fs::path root = fs::canonical("tests/packaging/examples_test.cc")
                            .parent_path()
                            .parent_path()
                            .parent_path();
  const std::string listed = ":" + std::string(std::getenv("PAGES")) + ":";
  int compiled = 0;
  for (const char* top : {"daemon", "docs", "examples", "lb", "packaging"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      if (entry.path().extension() != ".md" || !HasExample(entry.path())) {
        continue;
      }
      const std::string folder =
          fs::relative(entry.path(), root).parent_path().string();
      EXPECT_NE(listed.find(":" + folder + ":"), std::string::npos)
          << entry.path() << ": add its folder to _PAGES of BUILD.bazel";
      ++compiled;
    }
  }
  EXPECT_GT(compiled, 0);
}

}  // namespace
}  // namespace lb
