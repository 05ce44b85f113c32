#include <cstddef>

#include "fmt/format.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

// lb_cc_test and lb_cc_benchmark take NAME.cc, where no source is named.
bool IsSourceOfMacro(std::string_view name, std::string_view build_text) {
  if (!name.ends_with(".cc")) return false;
  name.remove_suffix(3);
  for (const std::string_view macro : {"lb_cc_test", "lb_cc_benchmark"}) {
    if (Contains(build_text,
                 fmt::format("\n{}(\n    name = \"{}\",\n", macro, name))) {
      return true;
    }
    if (Contains(build_text,
                 fmt::format("\n{}(name = \"{}\")\n", macro, name))) {
      return true;
    }
  }
  return false;
}

// lb_cc_test has a size by itself.
bool OpensTest(std::string_view line) {
  return line.starts_with("cc_test(") || line.starts_with("sh_test(");
}

}  // namespace

std::vector<Finding> CheckBuildFile(std::string_view path,
                                    std::string_view text) {
  std::vector<Finding> findings;
  int line_number = 0;
  int test_line = 0;  // Of the test that is open and has no size yet.
  for (const std::string& line : SplitLines(text)) {
    ++line_number;
    if (OpensTest(line)) test_line = line_number;
    if (Contains(line, " size = \"")) test_line = 0;
    if (line == ")" && test_line > 0) {
      findings.push_back({"test-size", std::string(path), test_line,
                          "a test without a size: \"small\" if it can"});
      test_line = 0;
    }
    if (Contains(line, "glob(")) {
      findings.push_back({"glob", std::string(path), line_number,
                          "name the files: a target is one class or codec"});
    }
  }
  return findings;
}

std::vector<Finding> CheckNamedInBuild(std::string_view file,
                                       std::string_view build_path,
                                       std::string_view build_text) {
  const std::string_view folder =
      build_path.substr(0, build_path.rfind('/') + 1);
  const std::string_view name = file.substr(folder.size());
  if (Contains(build_text, fmt::format("\"{}\"", name)) ||
      IsSourceOfMacro(name, build_text)) {
    return {};
  }
  return {{"dead-file", std::string(file), 0,
           fmt::format("not named in {}: nothing compiles it; add or delete it",
                       build_path)}};
}

}  // namespace lb::tidy
