#include <algorithm>
#include <cstddef>

#include "fmt/format.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/tags.h"

namespace lb::tidy {
namespace {

constexpr int kColumnsMax = 80;
constexpr int kHeaderLinesMax = 250;
constexpr int kSourceLinesMax = 500;
constexpr int kFunctionLinesMax = 60;
constexpr int kParametersMax = 5;

// Characters, not bytes: a continuation byte of UTF-8 is 10xxxxxx.
int Columns(const std::string& line) {
  return static_cast<int>(std::count_if(
      line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

void CheckColumns(const SourceFile& file, std::vector<Finding>& findings) {
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const int columns = Columns(file.lines[i]);
    if (columns <= kColumnsMax) continue;
    findings.push_back(
        {"columns", file.path, static_cast<int>(i) + 1,
         fmt::format("{} columns, want {} at the most", columns, kColumnsMax)});
  }
}

bool IsFlag(const std::string& parameter) {
  return parameter.starts_with("bool ") || parameter.starts_with("const bool ");
}

void CheckFunction(const Tag& function, std::vector<Finding>& findings) {
  const auto add = [&](std::string_view rule, std::string message) {
    findings.push_back(
        {rule, function.path, function.first_line, std::move(message)});
  };
  if (function.LineCount() > kFunctionLinesMax) {
    add("function-length",
        fmt::format(
            "a function of {} lines, want {} at the most: take out a step",
            function.LineCount(), kFunctionLinesMax));
  }
  const auto parameters = SplitParameters(function.signature);
  if (parameters.size() > kParametersMax) {
    add("parameters",
        fmt::format("{} parameters, want {} at the most: make them a struct",
                    parameters.size(), kParametersMax));
  }
  if (std::count_if(parameters.begin(), parameters.end(), IsFlag) > 1) {
    add("two-flags", "two bools can be swapped: use enums or two functions");
  }
}

}  // namespace

std::vector<Finding> CheckLimits(const SourceFile& file) {
  std::vector<Finding> findings;
  CheckColumns(file, findings);
  const int limit = file.IsHeader() ? kHeaderLinesMax : kSourceLinesMax;
  if (static_cast<int>(file.lines.size()) > limit) {
    findings.push_back(
        {"file-length", file.path, 0,
         fmt::format(
             "{} lines, want {} at the most: split off a type of its own",
             file.lines.size(), limit)});
  }
  return findings;
}

std::vector<Finding> CheckFunctions(const std::vector<Tag>& tags) {
  std::vector<Finding> findings;
  for (const Tag& tag : tags) {
    if (tag.kind == "function") CheckFunction(tag, findings);
  }
  return findings;
}

}  // namespace lb::tidy
